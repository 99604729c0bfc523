// Plans the removal of a node: its replicas get other masters, all reachable nodes forget it, then it is reset or shut down
// (cli.md 2.10). Also for a node that is down. Pure. Not here: moving its slots away (drain.ts).
import { counted } from '../cluster/counted.js';
import type { ClusterNode, ClusterView } from '../cluster/view.js';
import { TribError } from '../errors.js';
import type { Member } from './member.js';
import { findMember, ReplicaCounts, requireNotBusy } from './member.js';
import { wayOut, type ReplicaCopies } from './replica-copy.js';
import type { PlanBase, Step } from './step.js';

/** What happens to the node itself; 'leave' when it is unreachable or must stay as it is. */
export type RemovalAction = 'reset' | 'shutdown' | 'leave';

export interface Reattached {
  readonly replica: string;
  readonly master: string;
}

export interface DelNodePlan extends PlanBase {
  readonly kind: 'del-node';
  readonly node: { readonly id: string; readonly name: string; readonly role: 'master' | 'replica'; readonly absence: string | null };
  readonly removal: RemovalAction;
  readonly reattached: readonly Reattached[];
  /** Nodes that cannot be reached and so do not forget it. */
  readonly untold: readonly { readonly id: string; readonly name: string }[];
}

function notEmpty(view: ClusterView, member: Member, copies: ReplicaCopies): TribError {
  const message = `[ERR] Node ${member.name} is not empty! Reshard data away and try again.`;
  const hint =
    member.absence === undefined
      ? `--drain moves its ${counted(member.slots.size, 'slot')} to the other masters first`
      : `it cannot be reached (${member.absence}) and owns ${counted(member.slots.size, 'slot')}: ${wayOut(view, member.id, copies)}`;
  return new TribError('NOT_EMPTY', message, { hint });
}

/** New masters for the replicas of a leaving master: masters with slots before empty ones. */
function newMasters(view: ClusterView, leaving: string): ClusterNode[] {
  const others = view.masters.filter((node) => node.id !== leaving);
  const owners = others.filter((node) => node.slots.size > 0);
  return owners.length > 0 ? owners : others;
}

function reattach(view: ClusterView, member: Member, formerReplicas: readonly string[]): Reattached[] {
  const orphans = view.replicas.filter((node) => node.id !== member.id && (node.masterId === member.id || formerReplicas.includes(node.id)));
  if (orphans.length === 0) return [];
  const counts = new ReplicaCounts(view, newMasters(view, member.id), [member.id, ...orphans.map((node) => node.id)]);
  const pairs = orphans.map((replica) => {
    const master = counts.take();
    if (master === undefined) throw new TribError('NO_MASTER_LEFT', `${member.name} is the only master: its replica ${replica.name} would have no master`, { hint: 'add a master first: redis-trib add-node' });
    return { replica: replica.id, master };
  });
  return pairs.filter(({ replica, master }) => view.node(replica)?.masterId !== master);
}

/**
 * Plans the removal of the node named by id, prefix of an id, or address. `formerReplicas`: ids of the replicas that it had
 * until servers attached them to the new owner of its last slot. `copies`: which replicas have its data, for the advice when
 * it is down. Throws NO_SUCH_NODE, AMBIGUOUS_NODE, NOT_EMPTY, NODE_ALIVE, LAST_NODE.
 */
export function planDelNode(view: ClusterView, name: string, removal: RemovalAction, formerReplicas: readonly string[] = [], copies: ReplicaCopies = new Map()): DelNodePlan {
  const member = findMember(view, name);
  if (member.slots.size > 0) throw notEmpty(view, member, copies);
  requireNotBusy(view, member);
  const others = view.nodes.filter((node) => node.id !== member.id);
  if (others.length === 0) throw new TribError('LAST_NODE', `${member.name} is the only reachable node: no other node could forget it`, { hint: `redis-trib reset ${member.name} makes it an empty node` });
  const reattached = reattach(view, member, formerReplicas);
  const action = member.absence === undefined ? removal : 'leave';
  // A hard reset creates a new id: servers since 7.2 would reject the old one for a minute when the node joins again
  // (cluster-node.md 2.3).
  const ending: Step[] = action === 'reset' ? [{ kind: 'reset', node: member.id, mode: 'hard' }] : action === 'shutdown' ? [{ kind: 'shutdown', node: member.id }] : [];
  return {
    schema: 1,
    kind: 'del-node',
    node: { id: member.id, name: member.name, role: member.role, absence: member.absence ?? null },
    removal: action,
    reattached,
    untold: view.unreachable.filter((node) => node.id !== member.id).map(({ id, name: address }) => ({ id, name: address })),
    steps: [
      ...reattached.map(({ replica, master }): Step => ({ kind: 'replicate', node: replica, master })),
      ...others.map((node): Step => ({ kind: 'forget', node: node.id, target: member.id })),
      ...ending,
      { kind: 'await-forgotten', target: member.id },
      ...reattached.map(({ replica, master }): Step => ({ kind: 'await-replication', node: replica, master })),
    ],
  };
}
