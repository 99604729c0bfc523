// Plans that change the role of one node: replicate, failover, forget, reset. Pure.
import { counted } from '../cluster/counted.js';
import { hasReplied, reachAdvice } from '../cluster/connected-to.js';
import type { ClusterNode, ClusterView } from '../cluster/view.js';
import { TribError } from '../errors.js';
import { findMember, requireNotBusy, type Member } from './member.js';
import type { FailoverMode } from './node-steps.js';
import { wayOut, type ReplicaCopies } from './replica-copy.js';
import type { PlanBase, Step } from './step.js';

export interface RolePlan extends PlanBase {
  readonly kind: 'failover' | 'replicate' | 'forget' | 'reset';
  readonly node: { readonly id: string; readonly name: string };
}

function named(node: { readonly id: string; readonly name: string }): { readonly id: string; readonly name: string } {
  return { id: node.id, name: node.name };
}

/**
 * Plans the promotion of a replica. Throws ALREADY_MASTER (the hint lists the replicas of the node), NO_MASTER, MASTER_DOWN
 * (mode `manual` only).
 */
export function planFailover(view: ClusterView, replica: ClusterNode, mode: FailoverMode): RolePlan & { readonly master: { readonly id: string; readonly name: string } } {
  if (replica.role === 'master') {
    const own = view.replicasOf(replica.id);
    throw new TribError('ALREADY_MASTER', `${replica.name} is a master: only a replica can be promoted`, {
      hint: own.length === 0 ? 'it has no replica' : `its replicas: ${own.map((node) => node.name).join(', ')}`,
    });
  }
  const master = replica.masterId === null ? undefined : (view.node(replica.masterId) ?? view.unreachable.find((node) => node.id === replica.masterId));
  if (master === undefined) throw new TribError('NO_MASTER', `${replica.name} is a replica of a node that no node lists (${replica.masterId ?? 'none'})`, { hint: `if its keys exist nowhere else, save them first: redis-cli -h ${replica.connectHost} -p ${replica.connectPort} --rdb FILE; redis-trib replicate gives it another master and replaces its data` });
  if ('reason' in master && mode === 'manual') {
    throw new TribError('MASTER_DOWN', `the master ${master.name} cannot be reached (${master.reason}): a manual failover needs it`, {
      hint: hasReplied(master) ? `it is alive: ${reachAdvice(master)}; to promote ${replica.name} now and give up the writes that it lacks: --force --lose-writes` : '--force asks the other masters to elect the replica; --takeover works even without a majority of them',
    });
  }
  return { schema: 1, kind: 'failover', node: named(replica), master: named(master), steps: [{ kind: 'failover', node: replica.id, master: master.id, mode }] };
}

/**
 * Plans making the node a replica of the master. Throws OWNS_SLOTS when the node owns slots, NOT_A_MASTER when the master is a
 * replica, SAME_NODE when both are one node.
 */
export function planReplicate(view: ClusterView, node: ClusterNode, master: ClusterNode): RolePlan & { readonly master: { readonly id: string; readonly name: string } } {
  if (node.id === master.id) throw new TribError('SAME_NODE', `${node.name} cannot replicate itself`, { hint: 'give another master with --master' });
  if (master.role !== 'master') {
    const above = master.masterId === null ? undefined : view.node(master.masterId);
    throw new TribError('NOT_A_MASTER', `${master.name} is a replica itself, so it cannot have replicas`, { hint: above === undefined ? 'name a master' : `its master is ${above.name}` });
  }
  if (node.slots.size > 0) {
    throw new TribError('OWNS_SLOTS', `${node.name} owns ${counted(node.slots.size, 'slot')}: a replica must not own slots`, { hint: `move them away first: redis-trib reshard ${view.entry.name} --from ${node.id} --slots 100% --to …` });
  }
  // Replicas of the node would replicate a replica, so they go to the new master too.
  const family = [node, ...view.replicasOf(node.id)].filter((one) => one.masterId !== master.id);
  const pairs = family.map((one) => ({ node: one.id, master: master.id }));
  const steps: Step[] = [...pairs.map((pair): Step => ({ kind: 'replicate', ...pair })), ...pairs.map((pair): Step => ({ kind: 'await-replication', ...pair }))];
  return { schema: 1, kind: 'replicate', node: named(node), master: named(master), steps };
}

/** Why a node with slots is not forgotten, and the alternatives. */
function stillServing(view: ClusterView, member: Member, copies: ReplicaCopies): TribError {
  const seed = view.entry.name;
  const hint = member.absence === undefined ? `move its slots away first, or no node would serve them: redis-trib del-node ${seed} ${member.id} --drain` : `it cannot be reached (${member.absence}): ${wayOut(view, member.id, copies)}`;
  return new TribError('NOT_EMPTY', `[ERR] Node ${member.name} is not empty! It owns ${counted(member.slots.size, 'slot')}.`, { hint });
}

/**
 * Plans FORGET on all reachable nodes. `copies`: data of replicas of unreachable members, for advice. Throws NOT_EMPTY for a
 * member that owns slots, NODE_ALIVE for one that loads its data, STILL_FOLLOWED for one with reachable replicas.
 */
export function planForget(view: ClusterView, members: readonly Member[], copies: ReplicaCopies = new Map()): PlanBase & { readonly kind: 'forget'; readonly nodes: readonly Member[] } {
  for (const member of members) {
    if (member.slots.size > 0) throw stillServing(view, member, copies);
    requireNotBusy(view, member);
    const followers = view.nodes.filter((node) => node.role === 'replica' && node.masterId === member.id);
    if (followers.length > 0) {
      throw new TribError('STILL_FOLLOWED', `${followers.map((node) => node.name).join(', ')} replicates ${member.name}, and a replica refuses to forget its master`, { hint: `redis-trib del-node ${view.entry.name} ${member.id} gives the replicas another master` });
    }
  }
  const steps = members.flatMap((member) => view.nodes.filter((node) => node.id !== member.id).map((node): Step => ({ kind: 'forget', node: node.id, target: member.id })));
  return { schema: 1, kind: 'forget', nodes: members, steps: [...steps, ...members.map((member): Step => ({ kind: 'await-forgotten', target: member.id }))] };
}

/** Unreachable members without slots and without any reply: the nodes of `forget --failed`. */
export function failedMembers(view: ClusterView): Member[] {
  return view.unreachable.filter((node) => node.slots.size === 0 && !hasReplied(node)).map((node) => findMember(view, node.id));
}

export interface ResetOptions {
  readonly mode: 'soft' | 'hard';
  /** Delete the keys first; a master with keys refuses a reset. */
  readonly flush: boolean;
  /** Reset although the node owns slots. */
  readonly force: boolean;
}

/** Throws OWNS_SLOTS or HAS_KEYS when the option that permits it is missing. `keys`: number of keys on the node. */
export function planReset(view: ClusterView, node: ClusterNode, keys: number, options: ResetOptions): RolePlan {
  const others = view.nodes.length + view.unreachable.length - 1;
  if (node.slots.size > 0 && others > 0 && !options.force) {
    throw new TribError('OWNS_SLOTS', `${node.name} owns ${counted(node.slots.size, 'slot')} of a cluster of ${counted(others + 1, 'node')}: after a reset no node would serve them`, {
      hint: `to remove it without loss: redis-trib del-node ${node.name} ${node.id} --drain; to reset it anyway: --force`,
    });
  }
  if (node.role === 'master' && keys > 0 && !options.flush) {
    throw new TribError('HAS_KEYS', `${node.name} is a master with ${counted(keys, 'key')}, so it refuses a reset`, { hint: '--flush deletes the keys first; this cannot be undone' });
  }
  const flush: Step[] = keys > 0 && node.role === 'master' ? [{ kind: 'flush', node: node.id }] : [];
  return { schema: 1, kind: 'reset', node: named(node), steps: [...flush, { kind: 'reset', node: node.id, mode: options.mode }] };
}
