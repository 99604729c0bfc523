// Whether a replica has a copy of its master's data, and the advice about a master that cannot be reached. Pure. Not here:
// asking replicas (apply/cluster/replica-copies.ts).
import { connectedNodes, hasReplied, reachAdvice } from '../cluster/connected-to.js';
import type { ClusterNode, ClusterView } from '../cluster/view.js';

/** As the replica reports it. */
export interface ReplicaCopy {
  readonly link: 'up' | 'down';
  /** Replication offset; may include data of an earlier master. */
  readonly offset: number;
  /** Seconds since the link was up; null: never since it became a replica or was started. */
  readonly downSeconds: number | null;
  /** A full sync is in progress. */
  readonly syncing: boolean;
  /** Number of keys. */
  readonly keys: number;
  /** Number of keys in its master's slots. */
  readonly keysOfMaster: number;
}

/** By id of the replica, without those that did not report. */
export type ReplicaCopies = ReadonlyMap<string, ReplicaCopy>;

/**
 * True for a replica that has received no data of its master, or has lost it. The offset is not sufficient: a node keeps the
 * offset of its earlier role, and a copy of a master that never wrote has offset 0 (both seen on 7.0.15). A replica without
 * keys has a copy only when its link was up before and no new sync has begun; an offset of 1 means no copy.
 */
export function lacksCopy({ link, offset, downSeconds, syncing, keys, keysOfMaster }: ReplicaCopy): boolean {
  if (link === 'up' || keysOfMaster > 0) return false;
  return keys > 0 || downSeconds === null || syncing || offset === 1;
}

/** For example `link down for 4 s, offset 107, 3 keys`. */
export function copyText({ link, offset, downSeconds, syncing, keys, keysOfMaster }: ReplicaCopy): string {
  const since = link === 'up' ? 'up' : downSeconds === null ? 'never up since it started or became a replica' : `down for ${downSeconds} s`;
  const foreign = keys > 0 && keysOfMaster === 0 ? ', none of them in its master\'s slots' : '';
  return `link ${since}, offset ${offset}, ${keys} ${keys === 1 ? 'key' : 'keys'}${foreign}${syncing ? ', a copy is on its way' : ''}`;
}

/**
 * The command that promotes a replica of an absent master. `--force` needs a majority of the masters with slots, which must
 * know its master to vote for it; `--takeover` needs none.
 */
export function promotion(view: ClusterView, replica: ClusterNode): string {
  const voters = view.masters.filter((node) => node.slots.size > 0);
  const able = voters.filter((node) => node.lines.some(({ id }) => id === replica.masterId));
  const away = view.unreachable.filter((node) => node.role === 'master' && node.slots.size > 0).length;
  return `redis-trib failover ${replica.name} ${able.length > voters.length - able.length + away ? '--force' : '--takeover'}`;
}

/** The replicas of a master that may have its data, best first, without those that lack a copy. */
export function replicasWithData(view: ClusterView, master: string, copies: ReplicaCopies): ClusterNode[] {
  const offset = (node: ClusterNode): number => copies.get(node.id)?.offset ?? -1;
  const able = view.replicasOf(master).filter(({ id }) => {
    const copy = copies.get(id);
    return copy === undefined || !lacksCopy(copy);
  });
  return able.sort((a, b) => offset(b) - offset(a));
}

/** How to promote the best replica of an absent master: `promote its replica …`; undefined when none has its data. */
export function promoteAdvice(view: ClusterView, master: string, copies: ReplicaCopies): string | undefined {
  const [best] = replicasWithData(view, master, copies);
  if (best === undefined) return undefined;
  return copies.has(best.id) ? `promote its replica ${best.name}, which has its data: ${promotion(view, best)}` : `promote its replica ${best.name}, if that has its data: ${promotion(view, best)}`;
}

/** Why only waiting is possible: `its replica … has no copy of its data`. */
function withoutCopy(view: ClusterView, master: string): string {
  const names = view.replicasOf(master).map(({ name }) => name);
  return names.length === 0 ? 'no replica of it can be reached' : `${names.join(', ')} follow${names.length === 1 ? 's' : ''} it, but without a copy of its data`;
}

/**
 * What to do about the slots of an absent master: reach it if it is alive; else promote a replica with its data, else wait,
 * else give the slots up.
 */
export function wayOut(view: ClusterView, id: string, copies: ReplicaCopies): string {
  const node = view.unreachable.find((one) => one.id === id);
  const [witness] = connectedNodes(view).get(id) ?? [];
  if (node !== undefined && witness !== undefined) return `it is alive, ${witness.name} is connected to it: ${reachAdvice(node)}`;
  if (node !== undefined && hasReplied(node)) return `it is alive: ${reachAdvice(node)}`;
  const rescue = promoteAdvice(view, id, copies) ?? `start it again (${withoutCopy(view, id)})`;
  return `${rescue}; or give up its data: redis-trib fix ${view.entry.name} --fix-with-unreachable-masters`;
}
