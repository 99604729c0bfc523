// Builds a master's RDB from DUMPs, database by database and slot by slot, for nodes that refuse SYNC. A DUMP is an RDB value
// with a footer (persistence-replication.md 1.1, 2.1). Keys are read at different times, so the file is not a point-in-time
// snapshot. A node does not let clients read keys of slots that it neither owns nor imports; they are reported (stray-keys.ts).
import { Admin } from '../../client/admin.js';
import type { Connection } from '../../client/connection.js';
import { readKeyspace } from '../../client/databases.js';
import { SLOT_COUNT } from '../../cluster/slots.js';
import { ReplyError } from '../../resp/reply.js';

const FOOTER = 10;
/** Keys per request, and slots per counting request. */
const PAGE = 200;
const SLOTS = 2048;
const EXPIRE_MS = 0xfc;
const SELECT_DB = 0xfe;
const END = 0xff;

/** A length as RDB writes it: 6, 14 or 32 bits (persistence-replication.md 1.3). */
function lengthBytes(length: number): Buffer {
  if (length < 64) return Buffer.from([length]);
  if (length < 16_384) return Buffer.from([0x40 | (length >> 8), length & 0xff]);
  const bytes = Buffer.alloc(5, 0x80);
  bytes.writeUInt32BE(length, 1);
  return bytes;
}

function expiry(ttl: number): Buffer {
  if (ttl < 0) return Buffer.alloc(0);
  const bytes = Buffer.alloc(9, EXPIRE_MS);
  bytes.writeBigUInt64LE(BigInt(Date.now() + ttl), 1);
  return bytes;
}

/** One key: expiry, type, name, value. */
function entry(key: string, ttl: number, dump: Buffer): Buffer {
  return Buffer.concat([expiry(ttl), dump.subarray(0, 1), lengthBytes(key.length), Buffer.from(key, 'latin1'), dump.subarray(1, -FOOTER)]);
}

/** The node's functions, encoded for an RDB; empty for servers without functions. */
async function functions(connection: Connection): Promise<Buffer> {
  const [reply] = await connection.pipeline([['FUNCTION', 'DUMP']]);
  return typeof reply === 'string' ? Buffer.from(reply, 'latin1').subarray(0, -FOOTER) : Buffer.alloc(0);
}

/** Slots with keys, and their counts. Listing by slot never returns a key twice; SCAN may, and an RDB must not repeat keys. */
async function* slots(admin: Admin): AsyncGenerator<readonly [slot: number, keys: number]> {
  for (let first = 0; first < SLOT_COUNT; first += SLOTS) {
    const page = Array.from({ length: SLOTS }, (_, index) => first + index);
    const counts = await admin.countKeysInSlots(page);
    for (const [index, keys] of counts.entries()) if (keys > 0) yield [first + index, keys];
  }
}

/** What the reading of a node reports. */
interface Watcher {
  onVersion(version: number): void;
  /** The node holds a key of this slot, but does not let clients read it. */
  onUnreadable(slot: number): void;
}

/** The slot belongs to another node, or to none. */
const NOT_ITS_SLOT = /^(MOVED |CLUSTERDOWN Hash slot not served)/;

/** ASKING permits reading keys of a slot that the node still imports. */
async function* page(connection: Connection, slot: number, keys: readonly string[], watcher: Watcher): AsyncGenerator<Buffer> {
  const replies = await connection.pipeline(keys.flatMap((key) => [['ASKING'], ['PTTL', key], ['ASKING'], ['DUMP', key]]));
  for (const [index, key] of keys.entries()) {
    const [ttl, dump] = [replies[index * 4 + 1], replies[index * 4 + 3]];
    const error = [ttl, dump].find((reply) => reply instanceof ReplyError);
    const unreadable = error instanceof ReplyError && NOT_ITS_SLOT.test(error.message);
    if (unreadable) watcher.onUnreadable(slot);
    else if (error instanceof ReplyError && !error.message.startsWith('ASK ')) throw error;
    if (typeof dump !== 'string' || typeof ttl !== 'number' || ttl === -2) continue; // gone, or moved to the target, meanwhile
    const bytes = Buffer.from(dump, 'latin1');
    watcher.onVersion(versionOf(dump));
    yield entry(key, ttl, bytes);
  }
}

async function* entries(connection: Connection, watcher: Watcher): AsyncGenerator<Buffer> {
  const admin = new Admin(connection);
  for await (const [slot, count] of slots(admin)) {
    const keys = await admin.getKeysInSlot(slot, count);
    for (let at = 0; at < keys.length; at += PAGE) yield* page(connection, slot, keys.slice(at, at + PAGE), watcher);
  }
}

/** RDB version in the footer of a DUMP (persistence-replication.md 2.1). */
function versionOf(dump: string): number {
  return dump.charCodeAt(dump.length - FOOTER) + 256 * dump.charCodeAt(dump.length - FOOTER + 1);
}

/** First RDB version of Valkey's own format, whose files begin with another magic (persistence-replication.md 1.1). */
const FIRST_VALKEY = 80;

function magic(version: number): Buffer {
  return Buffer.from(version < FIRST_VALKEY ? `REDIS${String(version).padStart(4, '0')}` : `VALKEY${String(version).padStart(3, '0')}`, 'latin1');
}

/**
 * The RDB version that the node writes, from the DUMP of any key or of its functions: all DUMPs of one server carry the same.
 */
async function ownVersion(connections: readonly Connection[]): Promise<number> {
  for (const connection of connections) {
    const [probe, functionDump] = await connection.pipeline([['RANDOMKEY'], ['FUNCTION', 'DUMP']]);
    const [dump] = typeof probe === 'string' ? await connection.pipeline([['DUMP', probe]]) : [null];
    const footed = [dump, functionDump].find((reply) => typeof reply === 'string');
    if (footed !== undefined) return versionOf(footed);
  }
  return 9;
}

/** One database: its number, then its keys. */
async function* database(connection: Connection, index: number, watcher: Watcher): AsyncGenerator<Buffer> {
  let begun = false;
  for await (const piece of entries(connection, watcher)) {
    if (!begun) yield Buffer.concat([Buffer.from([SELECT_DB]), lengthBytes(index)]);
    begun = true;
    yield piece;
  }
}

/**
 * The databases of a node that may hold keys: all except those that INFO reports as empty. A database that gets its first key
 * after this check is not in the backup, like any key created late.
 */
export async function databasesToScan(connection: Connection, count: number): Promise<number[]> {
  const [info] = count > 1 ? await connection.pipeline([['INFO', 'keyspace']]) : [undefined];
  const keyspace = readKeyspace(info);
  return Array.from({ length: count }, (_, index) => index).filter((index) => index === 0 || keyspace === undefined || keyspace.has(index));
}

/**
 * The RDB in chunks. `connections`: one for each database to save, by its number; 0 is required. `onUnreadable` gets the slot
 * of each key that is missing because the node does not own its slot. Rejects with ReplyError or ConnectionLost.
 */
export async function* scanRdb(connections: ReadonlyMap<number, Connection>, onUnreadable: (slot: number) => void): AsyncGenerator<Buffer> {
  const [first] = connections.values();
  if (first === undefined) throw new Error('a scan needs a connection');
  // The version is in the header, before any value is known.
  const version = await ownVersion([...connections.values()]);
  let highest = version;
  yield magic(version);
  yield await functions(first);
  const watcher: Watcher = { onUnreadable, onVersion: (seen) => (highest = Math.max(highest, seen)) };
  for (const [index, connection] of connections) yield* database(connection, index, watcher);
  if (highest > version) throw new Error(`values of RDB version ${highest} came after version ${version}: the node was upgraded during the backup`);
  yield Buffer.from([END, 0, 0, 0, 0, 0, 0, 0, 0]); // A checksum of 0 means none.
}
