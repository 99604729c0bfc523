// Processor time per slot from CLUSTER SLOT-STATS (Redis 8.2, Valkey 8.0), as the difference of two readings. The totals are
// not used: they restart when a slot changes its owner, and they include old load.
import { asArray } from '../../client/read-reply.js';
import type { Connection } from '../../client/connection.js';
import type { ClusterNode, ClusterView } from '../../cluster/view.js';
import { SLOT_COUNT } from '../../cluster/slots.js';
import { TribError } from '../../errors.js';
import type { Reply } from '../../resp/reply.js';
import { ReplyError } from '../../resp/reply.js';
import { delay } from '../node/delay.js';
import { mapBounded } from '../node/parallel.js';

const NODES_AT_ONCE = 16;
const METRIC = 'cpu-usec';

export interface OpsSettings {
  /** Seconds between the two readings, above 0. */
  readonly seconds: number;
  readonly signal?: AbortSignal;
}

/** The part of a cluster that measuring needs. */
interface Measurable {
  readonly view: ClusterView;
  connection(id: string): Promise<Connection>;
}

const INSTEAD = '--by keys and --by memory work with every server version';

function unsupported({ name }: ClusterNode, error: ReplyError): TribError {
  if (!/unknown (sub)?command/i.test(error.message)) return new TribError(error.code, `Node ${name} does not report the load of its slots: ${error.message}`, { cause: error, hint: INSTEAD });
  return new TribError('NO_SLOT_STATS', `Node ${name} cannot report the load of its slots: it has no CLUSTER SLOT-STATS`, { cause: error, hint: `all masters must run at least Redis 8.2 or Valkey 8.0; ${INSTEAD}` });
}

function switchedOff({ name }: ClusterNode): TribError {
  return new TribError('SLOT_STATS_OFF', `Node ${name} does not measure the load of its slots: its CLUSTER SLOT-STATS has no ${METRIC}`, {
    hint: `enable it on all nodes: redis-trib call ${name} config set cluster-slot-stats-enabled yes (and in their configuration files); or: ${INSTEAD}`,
  });
}

/** The metrics of a slot: a map in RESP3, alternating names and values in RESP2. */
function metricOf(metrics: Reply | undefined): number | undefined {
  const pairs = metrics instanceof Map ? [...metrics].flat() : asArray(metrics);
  const at = pairs.findIndex((word, index) => index % 2 === 0 && word === METRIC);
  const value = at < 0 ? undefined : pairs[at + 1];
  return typeof value === 'number' || typeof value === 'bigint' ? Number(value) : undefined;
}

/**
 * Microseconds of processor time by slot in the reply; undefined when the server does not count. Throws PROTOCOL for another
 * kind of reply.
 */
export function readSlotStats(reply: Reply): Map<number, number> | undefined {
  const counters = new Map<number, number>();
  for (const entry of asArray(reply)) {
    const [slot, metrics] = asArray(entry);
    const microseconds = metricOf(metrics);
    if (microseconds === undefined) return undefined;
    if (typeof slot === 'number') counters.set(slot, microseconds);
  }
  return counters;
}

async function readCounters(cluster: Measurable, master: ClusterNode): Promise<Map<number, number>> {
  if (master.slots.size === 0) return new Map();
  const connection = await cluster.connection(master.id);
  try {
    const counters = readSlotStats(await connection.command(['CLUSTER', 'SLOT-STATS', 'SLOTSRANGE', 0, SLOT_COUNT - 1]));
    if (counters === undefined) throw switchedOff(master);
    return counters;
  } catch (error) {
    throw error instanceof ReplyError ? unsupported(master, error) : error;
  }
}

/**
 * Microseconds of processor time of each slot between two readings; index = slot, 0 without an owner. Throws TribError
 * NO_SLOT_STATS, SLOT_STATS_OFF, another refusal of a master, ABORTED, or the connection's error.
 */
export async function measureOps(cluster: Measurable, { seconds, signal }: OpsSettings): Promise<Float64Array> {
  const { masters } = cluster.view;
  const all = (): Promise<Map<number, number>[]> => mapBounded(masters, NODES_AT_ONCE, (master) => readCounters(cluster, master));
  const before = await all();
  await delay(seconds * 1000, signal);
  const after = await all();
  const loads = new Float64Array(SLOT_COUNT);
  after.forEach((counters, index) => {
    for (const [slot, now] of counters) {
      const start = before[index]?.get(slot) ?? 0;
      loads[slot] = now >= start ? now - start : now; // CONFIG RESETSTAT ran in between.
    }
  });
  return loads;
}
