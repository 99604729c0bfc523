// What is known about a replica's copy of its master's data, whether there is one at all, and what to advise about a master
// that cannot be reached. Pure. Not here: asking replicas (apply/replica-copies.ts).
import type { ClusterNode, ClusterView } from '../cluster/view.js';

/** As the replica tells. */
export interface ReplicaCopy {
  readonly link: 'up' | 'down';
  /** How far it has received; also what it had before it followed this master. */
  readonly offset: number;
  /** Seconds since the link was up; null: never since it is a replica, or since its start. */
  readonly downSeconds: number | null;
  /** A full copy is being received. */
  readonly syncing: boolean;
  /** All its keys. */
  readonly keys: number;
  /** Those of its master's slots. */
  readonly keysOfMaster: number;
}

/** By id of the replica; those that did not tell are missing. */
export type ReplicaCopies = ReadonlyMap<string, ReplicaCopy>;

/**
 * True for a replica that has received nothing of its master, or has lost it. The offset does not tell: a node that was
 * something else before keeps the offset of then, and a copy of a master that never wrote has 0 (both seen on 7.0.15). So
 * one without keys has a copy only when its link was up before and no new copy has begun; an offset of 1 stands for none.
 */
export function lacksCopy({ link, offset, downSeconds, syncing, keys, keysOfMaster }: ReplicaCopy): boolean {
  if (link === 'up' || keysOfMaster > 0) return false;
  return keys > 0 || downSeconds === null || syncing || offset === 1;
}

/** `link down for 4 s, offset 107, 3 keys`. */
export function copyText({ link, offset, downSeconds, syncing, keys, keysOfMaster }: ReplicaCopy): string {
  const since = link === 'up' ? 'up' : downSeconds === null ? 'never up since it started or became a replica' : `down for ${downSeconds} s`;
  const foreign = keys > 0 && keysOfMaster === 0 ? ', none of them of its master\'s slots' : '';
  return `link ${since}, offset ${offset}, ${keys} ${keys === 1 ? 'key' : 'keys'}${foreign}${syncing ? ', a copy is on its way' : ''}`;
}

/** `--force` needs most of the masters with slots, `--takeover` nobody. */
function promotion(view: ClusterView, replica: ClusterNode): string {
  const there = view.masters.filter((node) => node.slots.size > 0).length;
  const away = view.unreachable.filter((node) => node.role === 'master' && node.slots.size > 0).length;
  return `redis-trib failover ${replica.name} ${there > away ? '--force' : '--takeover'}`;
}

/** The replicas of a master that may have its data, best first; those without a copy are left out. */
export function replicasWithData(view: ClusterView, master: string, copies: ReplicaCopies): ClusterNode[] {
  const offset = (node: ClusterNode): number => copies.get(node.id)?.offset ?? -1;
  const able = view.replicasOf(master).filter(({ id }) => {
    const copy = copies.get(id);
    return copy === undefined || !lacksCopy(copy);
  });
  return able.sort((a, b) => offset(b) - offset(a));
}

/** How to promote the best replica of an absent master: `promote its replica …`; undefined where none has its data. */
export function promoteAdvice(view: ClusterView, master: string, copies: ReplicaCopies): string | undefined {
  const [best] = replicasWithData(view, master, copies);
  if (best === undefined) return undefined;
  return copies.has(best.id) ? `promote its replica ${best.name}, which has its data: ${promotion(view, best)}` : `promote its replica ${best.name}, if that has its data: ${promotion(view, best)}`;
}

/** Why waiting is all that is left: `its replica … has no copy of its data`. */
function nobody(view: ClusterView, master: string): string {
  const names = view.replicasOf(master).map(({ name }) => name);
  return names.length === 0 ? 'no replica of it can be reached' : `${names.join(', ')} follow${names.length === 1 ? 's' : ''} it, but without a copy of its data`;
}

/** What can be done about the slots of a master that is away: promote a replica with its data, else wait, else give them up. */
export function wayOut(view: ClusterView, id: string, copies: ReplicaCopies): string {
  const rescue = promoteAdvice(view, id, copies) ?? `bring it back (${nobody(view, id)})`;
  return `${rescue}; or give its data up: redis-trib fix ${view.entry.name} --fix-with-unreachable-masters`;
}
