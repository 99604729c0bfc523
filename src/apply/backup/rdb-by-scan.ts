// A master's data as an RDB put together from DUMPs, slot by slot, for nodes that refuse SYNC: a DUMP is an RDB's value with
// a footer (persistence-replication 1.1, 2.1). Keys are read one after the other: no single point in time.
import { Admin } from '../../client/admin.js';
import type { Connection } from '../../client/connection.js';
import { SLOT_COUNT } from '../../cluster/slots.js';
import { ReplyError } from '../../resp/reply.js';

const FOOTER = 10;
/** Keys asked for at the same time, slots counted at the same time. */
const PAGE = 200;
const SLOTS = 2048;
const EXPIRE_MS = 0xfc;
const SELECT_DB = 0xfe;
const END = 0xff;

/** A length as RDB writes it: 6, 14 or 32 bits (1.3). */
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

/** The functions of the node, ready to stand in an RDB; nothing for servers that have none. */
async function functions(connection: Connection): Promise<Buffer> {
  const [reply] = await connection.pipeline([['FUNCTION', 'DUMP']]);
  return typeof reply === 'string' ? Buffer.from(reply, 'latin1').subarray(0, -FOOTER) : Buffer.alloc(0);
}

/** Slots with keys, and how many. Slot by slot no key comes twice, which SCAN doesn't promise and an RDB must not. */
async function* slots(admin: Admin): AsyncGenerator<readonly [slot: number, keys: number]> {
  for (let first = 0; first < SLOT_COUNT; first += SLOTS) {
    const page = Array.from({ length: SLOTS }, (_, index) => first + index);
    const counts = await admin.countKeysInSlots(page);
    for (const [index, keys] of counts.entries()) if (keys > 0) yield [first + index, keys];
  }
}

/** ASKING lets a node read keys of a slot that it is still importing. */
async function* page(connection: Connection, keys: readonly string[], onVersion: (version: number) => void): AsyncGenerator<Buffer> {
  const replies = await connection.pipeline(keys.flatMap((key) => [['ASKING'], ['PTTL', key], ['ASKING'], ['DUMP', key]]));
  for (const [index, key] of keys.entries()) {
    const [ttl, dump] = [replies[index * 4 + 1], replies[index * 4 + 3]];
    const error = [ttl, dump].find((reply) => reply instanceof ReplyError);
    if (error instanceof ReplyError && !/^(ASK|MOVED) /.test(error.message)) throw error;
    if (typeof dump !== 'string' || typeof ttl !== 'number' || ttl === -2) continue; // gone, or not this node's, meanwhile
    const bytes = Buffer.from(dump, 'latin1');
    onVersion(bytes.readUInt16LE(bytes.length - FOOTER));
    yield entry(key, ttl, bytes);
  }
}

async function* entries(connection: Connection, onVersion: (version: number) => void): AsyncGenerator<Buffer> {
  const admin = new Admin(connection);
  for await (const [slot, count] of slots(admin)) {
    const keys = await admin.getKeysInSlot(slot, count);
    for (let at = 0; at < keys.length; at += PAGE) yield* page(connection, keys.slice(at, at + PAGE), onVersion);
  }
}

/** The RDB in pieces. Rejects with ReplyError or ConnectionLost. */
export async function* scanRdb(connection: Connection): AsyncGenerator<Buffer> {
  // The version stands at the head, before any value is known; a node's DUMPs all carry the same one.
  const [probe] = await connection.pipeline([['RANDOMKEY']]);
  const [dump] = typeof probe === 'string' ? await connection.pipeline([['DUMP', probe]]) : [null];
  const version = typeof dump === 'string' ? dump.charCodeAt(dump.length - FOOTER) + 256 * dump.charCodeAt(dump.length - FOOTER + 1) : 9;
  let highest = version;
  yield Buffer.from(`REDIS${String(version).padStart(4, '0')}`, 'latin1');
  yield await functions(connection);
  yield Buffer.from([SELECT_DB, 0]);
  yield* entries(connection, (seen) => (highest = Math.max(highest, seen)));
  if (highest > version) throw new Error(`values of RDB version ${highest} came after version ${version}: the node was upgraded meanwhile`);
  yield Buffer.from([END, 0, 0, 0, 0, 0, 0, 0, 0]); // a checksum of 0 means: none
}
