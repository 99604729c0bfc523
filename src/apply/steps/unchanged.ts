// The last look at a node right before a request that deletes its data or removes it: it must not hold slots that it did not hold
// when the plan was made. Keys of slots that another administrator has moved to it meanwhile exist nowhere else.
import type { SlotSet } from '../../cluster/slot-set.js';
import type { ClusterView } from '../../cluster/view.js';
import { TribError } from '../../errors.js';
import { heldSlots } from '../../plan/standing.js';
import type { Step } from '../../plan/step.js';
import { ReplyError } from '../../resp/reply.js';
import type { NodeLink } from '../node/node-link.js';

/** The node that loses its data or leaves. */
function endangeredBy(step: Step): string | undefined {
  switch (step.kind) {
    case 'flush':
    case 'reset':
    case 'shutdown':
    case 'replicate':
      return step.node;
    case 'forget':
      return step.target;
    default:
      return undefined;
  }
}

/** Throws PLAN_STALE when the node owns or imports a slot outside `held`. */
export async function requireHeld(link: NodeLink, held: SlotSet): Promise<void> {
  const self = (await (await link.admin()).clusterNodes()).find(({ myself }) => myself);
  const more = self === undefined ? 0 : heldSlots(self).difference(held).size;
  if (more === 0) return;
  throw new TribError('PLAN_STALE', `${link.name} has got ${more} ${more === 1 ? 'slot' : 'slots'} since the plan was made: its keys would be lost, so this step was not carried out`, { hint: 'run redis-trib check, then the same command again' });
}

/** As requireHeld for each node that the steps endanger. `judged`: the view that the plan was made for. */
export async function requireUnchanged(steps: readonly Step[], judged: ClusterView, links: ReadonlyMap<string, NodeLink>): Promise<void> {
  const ids = new Set(steps.flatMap((step) => endangeredBy(step) ?? []));
  const leaving = new Set(steps.flatMap((step) => (step.kind === 'forget' ? [step.target] : [])));
  await Promise.all([...ids].map(async (id) => {
    const [node, link] = [judged.node(id), links.get(id)];
    if (node === undefined || link === undefined) return;
    try {
      await requireHeld(link, heldSlots(node));
    } catch (error) {
      // A node that loads its data refuses these requests itself; one that was lost meanwhile may still be forgotten.
      if (error instanceof ReplyError && error.code === 'LOADING') return;
      if (leaving.has(id) && error instanceof TribError && error.code !== 'PLAN_STALE') return;
      throw error;
    }
  }));
}
