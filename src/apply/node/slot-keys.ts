// The number of keys a node holds in all its databases; COUNTKEYSINSLOT, DBSIZE and GETKEYSINSLOT cover the selected one only
// (client/databases.ts). Read-only. Not here: moving keys, judging which node may hold them.
import { readKeyspace } from '../../client/databases.js';
import { asInteger } from '../../client/read-reply.js';
import { SLOT_COUNT } from '../../cluster/slots.js';
import type { NodeLink } from './node-link.js';

/** Slots per pipeline; they take about a millisecond of server time. */
const CHUNK = 2048;

/** The part of a node that counting needs. */
export type KeyHolder = Pick<NodeLink, 'connection' | 'databaseCount'>;

/** Number of keys by database. Undefined when the reply is not the requested section; this does not mean "no keys". */
async function keyspaceOf(link: KeyHolder): Promise<Map<number, number> | undefined> {
  const [info] = await (await link.connection()).pipeline([['INFO', 'keyspace']]);
  return typeof info === 'string' && /^# Keyspace/m.test(info) ? readKeyspace(info) : undefined;
}

/**
 * Databases of a node that hold keys, ascending; all of them when the user may not read the keyspace. Rejects as databaseCount:
 * keys in databases that cannot be read do not count as absent.
 */
export async function databasesWithKeys(link: KeyHolder): Promise<number[]> {
  const keyspace = await keyspaceOf(link);
  if (keyspace !== undefined) return [...keyspace.keys()];
  return Array.from({ length: await link.databaseCount() }, (_, database) => database);
}

/** Number of keys of all databases together. Rejects as databasesWithKeys. */
export async function countKeys(link: KeyHolder): Promise<number> {
  const keyspace = await keyspaceOf(link);
  if (keyspace !== undefined) return [...keyspace.values()].reduce((sum, keys) => sum + keys, 0);
  let total = 0;
  for (let database = 0; database < (await link.databaseCount()); database++) total += asInteger(await (await link.connection(database)).command(['DBSIZE']));
  return total;
}

/** Keys of each slot in one database, in large pipelines; same order. Rejects with ReplyError when the node refuses. */
export async function countKeysInDatabase(link: KeyHolder, database: number, slots: readonly number[]): Promise<number[]> {
  const connection = await link.connection(database);
  const counts: number[] = [];
  for (let at = 0; at < slots.length; at += CHUNK) {
    const replies = await connection.pipeline(slots.slice(at, at + CHUNK).map((slot) => ['CLUSTER', 'COUNTKEYSINSLOT', slot]));
    counts.push(...replies.map(asInteger));
  }
  return counts;
}

/** Keys of each slot in all databases together; same order. Rejects as databasesWithKeys and countKeysInDatabase. */
export async function countKeysInSlots(link: KeyHolder, slots: readonly number[]): Promise<number[]> {
  const total = slots.map(() => 0);
  if (slots.length === 0) return total;
  for (const database of await databasesWithKeys(link)) {
    const counts = await countKeysInDatabase(link, database, slots);
    counts.forEach((count, index) => (total[index] = (total[index] ?? 0) + count));
  }
  return total;
}

/** Keys of all 16384 slots in all databases; index = slot. */
export async function countKeysOfAllSlots(link: KeyHolder): Promise<Uint32Array> {
  return Uint32Array.from(await countKeysInSlots(link, Array.from({ length: SLOT_COUNT }, (_, slot) => slot)));
}
