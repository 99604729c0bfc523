// Whether nodes that are about to lose their data, or to leave, hold keys that exist nowhere else. Checked before the first
// step of a plan that resets, stops or forgets a node, or changes its master. Read-only.
import { counted } from '../../cluster/counted.js';
import type { ClusterNode, ClusterView } from '../../cluster/view.js';
import { asString, parseInfo } from '../../client/read-reply.js';
import { TribError } from '../../errors.js';
import { promotion } from '../../plan/replica-copy.js';
import type { Step } from '../../plan/step.js';
import type { NodeLink } from '../node/node-link.js';
import { mapBounded } from '../node/parallel.js';
import { ReplyError } from '../../resp/reply.js';
import { SLOT_COUNT } from '../../cluster/slots.js';
import { countKeys, countKeysInSlots } from '../node/slot-keys.js';

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
  return new TribError('ONLY_COPY', `${node.name} holds the only ${counted(keys, 'key')} of ${counted(slots, 'slot')} that no master owns: ${keys === 1 ? 'it' : 'they'} would be lost`, {
    hint: `${rescue}; to delete its keys: redis-trib reset ${node.name} --flush`,
  });
}

/** Number of keys; 0 while the node loads a data set that replaces them. */
async function keysUnlessLoading(link: NodeLink): Promise<number> {
  return countKeys(link).catch((error: unknown) => {
    if (error instanceof ReplyError && error.code === 'LOADING') return 0;
    throw error;
  });
}

async function linkDown(link: NodeLink): Promise<boolean> {
  const [reply] = await (await link.connection()).pipeline([['INFO', 'replication']]);
  if (typeof reply !== 'string') return false; // It may not be asked.
  const info = parseInfo(asString(reply));
  return info.get('role') === 'slave' && info.get('master_link_status') === 'down';
}

/** `alone`: keys by which this node exceeds every safe node, summed over slots; `all`: all its keys. */
async function keysOnlyOn(node: NodeLink, safe: readonly NodeLink[]): Promise<{ readonly alone: number; readonly all: number }> {
  const every = Array.from({ length: SLOT_COUNT }, (_, slot) => slot);
  const counts = await countKeysInSlots(node, every);
  const slots = every.filter((slot) => (counts[slot] ?? 0) > 0);
  const others = await mapBounded(safe, 32, (link) => countKeysInSlots(link, slots));
  const own = slots.map((slot) => counts[slot] ?? 0);
  const alone = own.map((keys, at) => Math.max(0, keys - Math.max(0, ...others.map((theirs) => theirs[at] ?? 0))));
  const sum = (numbers: readonly number[]): number => numbers.reduce((total, keys) => total + keys, 0);
  return { alone: sum(alone), all: sum(own) };
}

async function onlyCopyOnReplica({ view, links }: CopyCluster, node: ClusterNode, keys: number, moving: boolean): Promise<TribError> {
  const master = node.masterId === null ? undefined : view.node(node.masterId);
  const link = master === undefined ? undefined : links.get(master.id);
  const left = link === undefined ? 0 : await countKeys(link);
  const name = master?.name ?? node.masterId ?? '';
  const consent = left > 0 ? ` --lose-writes (keys that exist only on ${name} are lost)` : '';
  return new TribError('ONLY_COPY', `${counted(keys, 'key', ['exists', 'exist'])} only on ${node.name} and ${moving ? 'could' : 'would'} be lost: its link to its master ${name} is down, and ${name} holds ${counted(left, 'key')}`, {
    hint: `make it a master first: ${promotion(view, node)}${consent}; to delete its keys: redis-trib reset ${node.name} --flush`,
  });
}

/**
 * A replica whose link is down may hold what its master has lost, for example a master that was restarted without its data.
 * Throws ONLY_COPY when most keys of such a replica exist nowhere else; fewer are normal, because the master may have deleted
 * keys since. Also for replicas of masters whose slots move: servers since 7.0 attach them to the new owner of the last slot.
 */
async function requireNoOnlyCopyOnReplica(cluster: CopyCluster, nodes: readonly ClusterNode[], steps: readonly Step[]): Promise<void> {
  const { view, links } = cluster;
  const sources = new Set(steps.flatMap((step) => (step.kind === 'move-slots' ? [step.source] : [])));
  const followers = [...sources].flatMap((id) => view.replicasOf(id));
  const replicas = [...new Set([...nodes, ...followers])].filter(({ role, masterId }) => role === 'replica' && masterId !== null && view.node(masterId) !== undefined);
  const linksOf = (some: readonly ClusterNode[]): NodeLink[] => some.flatMap(({ id }) => links.get(id) ?? []);
  for (const node of replicas) {
    const [link] = linksOf([node]);
    if (link === undefined || !(await linkDown(link)) || (await keysUnlessLoading(link)) === 0) continue;
    const { alone, all } = await keysOnlyOn(link, linksOf(view.nodes.filter((other) => other !== node && !nodes.includes(other))));
    if (alone * 2 > all) throw await onlyCopyOnReplica(cluster, node, alone, !nodes.includes(node));
  }
}

/**
 * Throws ONLY_COPY before any change when a node that loses its data or leaves holds keys of slots that no loaded master
 * claims, and no unaffected node holds as many. For slots with an owner, its keys are taken as the other copy, unless most keys
 * of a replica with a broken link exist nowhere else.
 */
export async function requireOtherCopies(cluster: CopyCluster, steps: readonly Step[]): Promise<void> {
  const { view, links } = cluster;
  const uncovered = view.covered().complement().toArray();
  const nodes = endangered(view, steps);
  await requireNoOnlyCopyOnReplica(cluster, nodes, steps);
  if (uncovered.length === 0 || nodes.length === 0) return;
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
