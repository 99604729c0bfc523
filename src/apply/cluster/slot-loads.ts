// The load of every slot: its number of keys, or its bytes by MEMORY USAGE of a few of its keys. Owners are asked in parallel, in
// large pipelines, for all of their databases. Read-only.
import { asStrings } from '../../client/read-reply.js';
import type { Connection, PipelineReply } from '../../client/connection.js';
import { accessFailure } from '../../client/connection-errors.js';
import type { ClusterNode, ClusterView } from '../../cluster/view.js';
import { SLOT_COUNT } from '../../cluster/slots.js';
import { ReplyError } from '../../resp/reply.js';
import { mapBounded } from '../node/parallel.js';
import { countKeysInDatabase, databasesWithKeys, type KeyHolder } from '../node/slot-keys.js';

/** Slots per pipeline. */
const CHUNK = 512;
const NODES_AT_ONCE = 16;

export interface LoadSettings {
  readonly by: 'keys' | 'memory';
  /** Number of keys of a slot whose size is read; at least 1, default 5. */
  readonly samples?: number;
}

/** The part of a cluster that measuring needs. */
interface MeasuredCluster {
  readonly view: ClusterView;
  link(id: string): KeyHolder;
}

/** Error codes of a slot that is moving or has moved. */
const ELSEWHERE = new Set(['MOVED', 'ASK', 'TRYAGAIN', 'CLUSTERDOWN']);

/** The numbers among the replies; moved or deleted keys are skipped. Throws any other error reply. */
function known(replies: readonly PipelineReply[], { host, port }: Connection): number[] {
  return replies.filter((reply) => {
    if (!(reply instanceof ReplyError) || ELSEWHERE.has(reply.code)) return typeof reply === 'number';
    throw accessFailure(host, port, reply) ?? reply;
  }) as number[];
}

/** Mean bytes of a few keys of each slot; 0 for empty slots. */
async function meanSizes(connection: Connection, slots: readonly number[], samples: number): Promise<number[]> {
  const keys = (await connection.pipeline(slots.map((slot) => ['CLUSTER', 'GETKEYSINSLOT', slot, samples]))).map(asStrings);
  const sizes = await connection.pipeline(keys.flat().map((key) => ['MEMORY', 'USAGE', key]));
  let at = 0;
  return keys.map((list) => {
    const bytes = known(sizes.slice(at, (at += list.length)), connection);
    return bytes.length === 0 ? 0 : bytes.reduce((sum, size) => sum + size, 0) / bytes.length;
  });
}

/** Adds what one database of a master holds. */
async function measure(link: KeyHolder, database: number, slots: readonly number[], loads: Float64Array, { by, samples = 5 }: LoadSettings): Promise<void> {
  const connection = await link.connection(database);
  for (let from = 0; from < slots.length; from += CHUNK) {
    const chunk = slots.slice(from, from + CHUNK);
    const counts = await countKeysInDatabase(link, database, chunk);
    const sizes = by === 'memory' ? await meanSizes(connection, chunk, samples) : undefined;
    chunk.forEach((slot, index) => (loads[slot] = (loads[slot] ?? 0) + Math.round((counts[index] ?? 0) * (sizes?.[index] ?? 1))));
  }
}

async function measureMaster(cluster: MeasuredCluster, master: ClusterNode, loads: Float64Array, settings: LoadSettings): Promise<void> {
  const link = cluster.link(master.id);
  const slots = master.slots.toArray();
  if (slots.length === 0) return;
  for (const database of await databasesWithKeys(link)) await measure(link, database, slots, loads, settings);
}

/**
 * Keys (or estimated bytes) of every slot in all databases, at its owner; index = slot, 0 without an owner. Throws the owner's
 * error reply (a TribError NOPERM for users without MEMORY) or the connection's error.
 */
export async function measureSlots(cluster: MeasuredCluster, settings: LoadSettings): Promise<Float64Array> {
  const loads = new Float64Array(SLOT_COUNT);
  await mapBounded(cluster.view.masters, NODES_AT_ONCE, (master) => measureMaster(cluster, master, loads, settings));
  return loads;
}
