// Whether nodes that are about to lose their data, or to leave, hold keys that exist nowhere else. Checked before the first
// step of a plan that resets, stops or forgets a node, or changes its master. Read-only.
import type { ClusterNode, ClusterView } from '../../cluster/view.js';
import { TribError } from '../../errors.js';
import { promotion } from '../../plan/replica-copy.js';
import type { Step } from '../../plan/step.js';
import type { NodeLink } from '../node/node-link.js';
import { mapBounded } from '../node/parallel.js';
import { countKeysInSlots } from '../node/slot-keys.js';

interface CopyCluster {
  readonly view: ClusterView;
  readonly links: ReadonlyMap<string, NodeLink>;
}

/** Nodes that lose their data, or that no node lists afterwards. */
function endangered(view: ClusterView, steps: readonly Step[]): ClusterNode[] {
  const ids = steps.flatMap((step) => (step.kind === 'replicate' || step.kind === 'reset' || step.kind === 'shutdown' ? [step.node] : step.kind === 'forget' ? [step.target] : []));
  return [...new Set(ids)].flatMap((id) => view.node(id) ?? []);
}

function onlyCopy(view: ClusterView, node: ClusterNode, keys: number, slots: number): TribError {
  const rescue = node.role === 'replica' ? `make it a master first: ${promotion(view, node)}` : `give it the slots first: redis-trib fix ${view.entry.name} --cover-holder`;
  return new TribError('ONLY_COPY', `${node.name} holds the only ${keys} keys of ${slots} slots that no master owns: they would be lost`, {
    hint: `${rescue}; to delete its keys: redis-trib reset ${node.name} --flush`,
  });
}

/**
 * Throws ONLY_COPY before any change when such a node holds keys of slots that no loaded master claims, and no unaffected node
 * holds as many. Owned slots are not checked: their owner's keys count.
 */
export async function requireOtherCopies({ view, links }: CopyCluster, steps: readonly Step[]): Promise<void> {
  const uncovered = view.covered().complement().toArray();
  const nodes = uncovered.length === 0 ? [] : endangered(view, steps);
  if (nodes.length === 0) return;
  const counts = new Map(await mapBounded(view.nodes, 32, async ({ id }): Promise<[string, number[]]> => {
    const link = links.get(id);
    return [id, link === undefined ? [] : await countKeysInSlots(link, uncovered)];
  }));
  const safe = view.nodes.filter((node) => !nodes.includes(node));
  for (const node of nodes) {
    const own = counts.get(node.id) ?? [];
    const alone = own.map((keys, at) => (safe.some(({ id }) => (counts.get(id)?.[at] ?? 0) >= keys) ? 0 : keys)).filter((keys) => keys > 0);
    if (alone.length > 0) throw onlyCopy(view, node, alone.reduce((sum, keys) => sum + keys, 0), alone.length);
  }
}
