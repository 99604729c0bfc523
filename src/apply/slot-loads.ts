// What every slot weighs: its keys, counted, or its bytes, by MEMORY USAGE of a few of its keys. Owners are asked in
// large pipelines, all at once. Only looks.
import { Admin } from '../client/admin.js';
import { asStrings } from '../client/read-reply.js';
import type { Connection, Outcome } from '../client/connection.js';
import { accessFailure } from '../client/connection-errors.js';
import type { ClusterNode, ClusterView } from '../cluster/view.js';
import { SLOT_COUNT } from '../cluster/slots.js';
import { ReplyError } from '../resp/reply.js';
import { mapBounded } from './parallel.js';

/** Slots asked about in one write. */
const CHUNK = 512;
const NODES_AT_ONCE = 16;

export interface LoadSettings {
  readonly by: 'keys' | 'memory';
  /** Keys of a slot whose size is asked; at least 1, default 5. */
  readonly samples?: number;
}

/** What is asked of a cluster. */
interface Measurable {
  readonly view: ClusterView;
  connection(id: string): Promise<Connection>;
}

/** What a slot that is moving, or has moved, answers about its keys. */
const ELSEWHERE = new Set(['MOVED', 'ASK', 'TRYAGAIN', 'CLUSTERDOWN']);

/** The numbers among the replies; what is elsewhere or gone by now does not count. Throws any other error reply. */
function known(replies: readonly Outcome[], { host, port }: Connection): number[] {
  return replies.filter((reply) => {
    if (!(reply instanceof ReplyError) || ELSEWHERE.has(reply.code)) return typeof reply === 'number';
    throw accessFailure(host, port, reply) ?? reply;
  }) as number[];
}

/** Mean bytes of a few keys of each slot; 0 where a slot has none. */
async function meanSizes(connection: Connection, slots: readonly number[], samples: number): Promise<number[]> {
  const keys = (await connection.pipeline(slots.map((slot) => ['CLUSTER', 'GETKEYSINSLOT', slot, samples]))).map(asStrings);
  const sizes = await connection.pipeline(keys.flat().map((key) => ['MEMORY', 'USAGE', key]));
  let at = 0;
  return keys.map((list) => {
    const bytes = known(sizes.slice(at, (at += list.length)), connection);
    return bytes.length === 0 ? 0 : bytes.reduce((sum, size) => sum + size, 0) / bytes.length;
  });
}

async function measure(cluster: Measurable, master: ClusterNode, loads: Float64Array, { by, samples = 5 }: LoadSettings): Promise<void> {
  const connection = await cluster.connection(master.id);
  const slots = master.slots.toArray();
  for (let from = 0; from < slots.length; from += CHUNK) {
    const chunk = slots.slice(from, from + CHUNK);
    const counts = await new Admin(connection).countKeysInSlots(chunk);
    const sizes = by === 'memory' ? await meanSizes(connection, chunk, samples) : undefined;
    chunk.forEach((slot, index) => (loads[slot] = Math.round((counts[index] ?? 0) * (sizes?.[index] ?? 1))));
  }
}

/**
 * Keys (or estimated bytes) of every slot, as its owner tells; index = slot, 0 where nobody owns it. Throws the owner's
 * error reply (a TribError NOPERM for users without MEMORY) or the connection's error.
 */
export async function measureSlots(cluster: Measurable, settings: LoadSettings): Promise<Float64Array> {
  const loads = new Float64Array(SLOT_COUNT);
  await mapBounded(cluster.view.masters, NODES_AT_ONCE, (master) => measure(cluster, master, loads, settings));
  return loads;
}
