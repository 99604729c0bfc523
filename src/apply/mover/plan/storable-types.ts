// Refuses, before a slot is opened, keys that a bundled node cannot store: streams, module values, hashes with field expiry.
// Real servers tell by the payload version (move-requirements.ts). Read-only. A key that is created during the move is
// reported by its MIGRATE.
import { isExpiringHash } from '../../../rdb/expiring-hash.js';
import { asStrings, parseInfo } from '../../../client/read-reply.js';
import { TribError } from '../../../errors.js';
import { ReplyError, fromBinary } from '../../../resp/reply.js';
import { oneLine } from '../../../resp/visible.js';
import type { NodeLink } from '../../node/node-link.js';
import { countKeysInDatabase, databasesWithKeys } from '../../node/slot-keys.js';

const STORABLE: ReadonlySet<unknown> = new Set(['string', 'list', 'set', 'zset', 'hash', 'none']);
/** Keys per pipeline, and hashes whose payloads pass through this process at once. */
const KEYS_AT_ONCE = 1000;
const HASHES_AT_ONCE = 16;
/** Keys named in the error. */
const SHOWN = 5;

async function isBundled(link: NodeLink): Promise<boolean> {
  const [info] = await (await link.connection()).pipeline([['INFO', 'server']]);
  return typeof info === 'string' && parseInfo(info).get('redis_build_id') === 'redis-trib-server';
}

function chunks<T>(items: readonly T[], size: number): T[][] {
  return Array.from({ length: Math.ceil(items.length / size) }, (_, index) => items.slice(index * size, (index + 1) * size));
}

const shown = (key: string): string => oneLine(fromBinary(key));

/** Hashes with fields that expire. */
async function expiringHashes(link: NodeLink, database: number, hashes: readonly string[]): Promise<string[]> {
  const connection = await link.connection(database);
  const [first] = hashes;
  if (first === undefined) return [];
  const [known] = await connection.pipeline([['HPEXPIRETIME', first, 'FIELDS', 1, 'f']]);
  if (known instanceof ReplyError && /unknown command/i.test(known.message)) return [];
  const found: string[] = [];
  for (const some of chunks(hashes, HASHES_AT_ONCE)) {
    const dumps = await connection.pipeline(some.map((key) => ['DUMP', key]));
    found.push(...some.filter((_, index) => typeof dumps[index] === 'string' && isExpiringHash(Buffer.from(dumps[index], 'latin1'))));
  }
  return found;
}

/** Keys of one slot that a bundled node cannot store, with what they are. */
async function unstorable(link: NodeLink, database: number, slot: number, count: number): Promise<string[]> {
  const connection = await link.connection(database);
  const found: string[] = [];
  for (const keys of chunks(asStrings(await connection.command(['CLUSTER', 'GETKEYSINSLOT', slot, count])), KEYS_AT_ONCE)) {
    const types = await connection.pipeline(keys.map((key) => ['TYPE', key]));
    keys.forEach((key, index) => {
      const type = types[index];
      if (typeof type === 'string' && !STORABLE.has(type)) found.push(`${shown(key)} (${oneLine(type)})`);
    });
    const hashes = keys.filter((_, index) => types[index] === 'hash');
    found.push(...(await expiringHashes(link, database, hashes)).map((key) => `${shown(key)} (hash with fields that expire)`));
  }
  return found;
}

/** Throws TribError UNSTORABLE. Rejects as the connection. */
export async function refuseUnstorable(source: NodeLink, target: NodeLink, slots: readonly number[]): Promise<void> {
  if (!(await isBundled(target)) || (await isBundled(source))) return;
  const found: string[] = [];
  for (const database of await databasesWithKeys(source)) {
    const counts = await countKeysInDatabase(source, database, slots);
    for (const [index, slot] of slots.entries()) {
      const count = counts[index] ?? 0;
      if (count > 0) found.push(...(await unstorable(source, database, slot, count)));
      if (found.length > SHOWN) break;
    }
  }
  if (found.length === 0) return;
  const list = `${found.slice(0, SHOWN).join(', ')}${found.length > SHOWN ? ' …' : ''}`;
  throw new TribError('UNSTORABLE', `${target.name} is a bundled node and cannot store these keys of ${source.name}: ${list}. No slot was opened`, { hint: 'move their slots to a redis-server or valkey-server node, or delete these keys first' });
}
