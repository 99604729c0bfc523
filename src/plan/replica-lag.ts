// How much of its master's replication stream a replica lacks, and why a link may be down. Pure. Not here: reading the positions
// (apply/cluster/promotable.ts).
import type { ReplicaCopy } from './replica-copy.js';

/** Position of a node in a replication stream, as INFO replication reports it. */
export interface StreamPosition {
  /** master_replid: nodes with the same one count the same bytes. */
  readonly history: string;
  /** The history before a promotion, and the first offset that belongs to the present one. */
  readonly former: { readonly history: string; readonly until: number };
  /** Bytes. */
  readonly offset: number;
}

/** Reads a position from INFO replication. `field`: master_repl_offset on a master, slave_repl_offset on a replica. */
export function positionOf(info: ReadonlyMap<string, string>, field: 'master_repl_offset' | 'slave_repl_offset'): StreamPosition {
  const former = { history: info.get('master_replid2') ?? '', until: Number(info.get('second_repl_offset') ?? -1) };
  return { history: info.get('master_replid') ?? '', former, offset: Number(info.get(field) ?? 0) };
}

/**
 * Bytes of the master's stream that the replica lacks; undefined when they have no history in common, so that none can be
 * counted.
 */
export function missingBytes(master: StreamPosition, replica: StreamPosition): number | undefined {
  const shared = replica.history === master.history || (replica.history === master.former.history && replica.offset < master.former.until);
  return shared ? Math.max(0, master.offset - replica.offset) : undefined;
}

interface Named {
  readonly name: string;
}

/** What to do about a link that is down, for example `see the log of …: …`. */
export function linkAdvice({ syncing, downSeconds }: Pick<ReplicaCopy, 'syncing' | 'downSeconds'>, replica: Named, master: Named): string {
  if (syncing) return `it is still copying the data of ${master.name}: wait until redis-trib nodes ${replica.name} shows its link as up`;
  const first = downSeconds === null ? ', or its first copy has not begun yet' : '';
  return `see the log of ${replica.name} for the cause: usually its masterauth or masteruser is not what ${master.name} requires, or it cannot connect to ${master.name}${first}; redis-trib nodes ${replica.name} shows when its link is up`;
}
