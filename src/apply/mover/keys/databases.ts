// The databases of a source. Valkey 9 may have several in cluster mode (cli.md 6.7). GETKEYSINSLOT and MIGRATE work on the
// selected database only, so a slot is empty only when every database is. Not here: moving keys (empty-slot.ts).
import { Admin } from '../../../client/admin.js';
import { readKeyspace } from '../../../client/databases.js';
import { asBulks } from '../../../client/read-reply.js';
import type { PipelineReply } from '../../../client/connection.js';
import { TribError } from '../../../errors.js';
import type { BulkList } from '../../../resp/bulk-list.js';
import { encodeCommand, encodeCommands, type Arg } from '../../../resp/command.js';
import { ReplyError } from '../../../resp/reply.js';
import type { NodeLink } from '../../node/node-link.js';

/** Keys of one slot in one database. */
export interface SlotKeys {
  readonly database: number;
  /** The first keys. */
  readonly keys: BulkList;
}

export const KEYSPACE = ['INFO', 'keyspace'];

/** Throws TribError KEYSPACE_UNKNOWN when the server refuses a request that decides about a slot's ownership. */
function required(link: NodeLink, reply: PipelineReply | undefined): PipelineReply {
  if (reply === undefined || reply instanceof ReplyError) {
    throw new TribError('KEYSPACE_UNKNOWN', `Node ${link.name} does not report which slots hold keys: ${reply?.message ?? 'no reply'}`, { hint: 'the user needs permission for SELECT and CLUSTER COUNTKEYSINSLOT', ...(reply === undefined ? {} : { cause: reply }) });
  }
  return reply;
}

export class Databases {
  constructor(
    private readonly source: NodeLink,
    private readonly count: number,
  ) {}

  /** All databases of the source. Rejects as NodeLink.databaseCount. */
  static async of(source: NodeLink): Promise<Databases> {
    return new Databases(source, await source.databaseCount());
  }

  get several(): boolean {
    return this.count > 1;
  }

  /** Databases other than 0 that may hold keys, from the reply to KEYSPACE; all of them when it is refused. */
  others(keyspace: PipelineReply | undefined): number[] {
    const known = readKeyspace(keyspace);
    const all = known === undefined ? Array.from({ length: this.count }, (_, index) => index) : [...known.keys()];
    return all.filter((index) => index !== 0);
  }

  /**
   * The first `most` keys of each slot in one database; slots without keys are left out. Rejects as the connection or with the
   * server's refusal.
   */
  async firstKeys(database: number, slots: readonly number[], most: number): Promise<Map<number, SlotKeys>> {
    const connection = await this.source.connection(database);
    const replies = await connection.send(encodeCommands(slots.map((slot) => ['CLUSTER', 'GETKEYSINSLOT', slot, most])), slots.length);
    const found = new Map<number, SlotKeys>();
    slots.forEach((slot, index) => {
      const keys = asBulks(replies[index]);
      if (keys.length > 0) found.set(slot, { database, keys });
    });
    return found;
  }

  /**
   * The databases in which slots still hold keys; slots that are empty everywhere are left out. One transaction counts all
   * databases, so that no key can pass from an uncounted database to a counted one. (Valkey 9.1 also answers TRYAGAIN to MOVE
   * and COPY between databases while a slot migrates.) Rejects as the connection, or with KEYSPACE_UNKNOWN; then no slot may
   * change its owner.
   */
  async holding(slots: readonly number[]): Promise<Map<number, number[]>> {
    let asked = [0];
    for (;;) {
      const { keyspace, counts } = await this.countIn(asked, slots);
      const unseen = this.others(keyspace).filter((database) => !asked.includes(database));
      if (unseen.length === 0) return counts;
      asked = [...asked, ...unseen];
    }
  }

  private async countIn(databases: readonly number[], slots: readonly number[]): Promise<{ keyspace: PipelineReply; counts: Map<number, number[]> }> {
    await using connection = await this.source.dial(0, true); // SELECT changes the connection's state.
    const commands: Arg[][] = databases.flatMap((database) => [['SELECT', database], ...slots.map((slot) => ['CLUSTER', 'COUNTKEYSINSLOT', slot])]);
    const last = (await connection.pipeline([['MULTI'], KEYSPACE, ...commands, ['EXEC']])).pop();
    // Some users lack the permission, and nodes over maxmemory refuse it.
    const [keyspace = null, ...results] = Array.isArray(last) ? last : await connection.pipeline([KEYSPACE, ...commands]);
    const counts = new Map<number, number[]>();
    databases.forEach((database, at) => {
      const [selected, ...its] = results.slice(at * (slots.length + 1), (at + 1) * (slots.length + 1));
      required(this.source, selected);
      slots.forEach((slot, index) => {
        if (required(this.source, its[index]) !== 0) counts.set(slot, [...(counts.get(slot) ?? []), database]);
      });
    });
    return { keyspace, counts };
  }
}

/**
 * Number of keys of each slot in all databases of a node. Rejects as the connection, as NodeLink.databaseCount, or with the
 * server's refusal.
 */
export async function countKeys(link: NodeLink, slots: readonly number[]): Promise<Map<number, number>> {
  const databases = await Databases.of(link);
  const connection = await link.connection();
  const counts = new Map<number, number>();
  const add = async (database: number): Promise<void> => {
    const admin = new Admin(database === 0 ? connection : await link.connection(database));
    (await admin.countKeysInSlots(slots)).forEach((keys, index) => counts.set(slots[index] ?? -1, (counts.get(slots[index] ?? -1) ?? 0) + keys));
  };
  await add(0);
  if (!databases.several) return counts;
  const [keyspace] = await connection.pipeline([KEYSPACE]);
  for (const database of databases.others(keyspace)) await add(database);
  return counts;
}

/**
 * Throws TribError SEVERAL_DATABASES when the source holds keys in a database that the target lacks; NO_DATABASE when the user
 * may not SELECT, so that this cannot be checked.
 */
export async function requireSameDatabases(source: NodeLink, target: NodeLink): Promise<Databases> {
  const databases = await Databases.of(source);
  if (!databases.several) return databases;
  const has = await target.databaseCount();
  const [keyspace] = await (await source.connection()).send(encodeCommand(KEYSPACE), 1);
  const beyond = databases.others(keyspace as PipelineReply).filter((database) => database >= has);
  const [first] = beyond;
  if (first === undefined) return databases;
  throw new TribError('SEVERAL_DATABASES', `Node ${source.name} holds keys in database ${beyond.join(', ')}, but ${target.name} has only ${has === 1 ? 'database 0' : `databases 0 to ${has - 1}`}`, {
    hint: `raise cluster-databases of ${target.name} (in its configuration file, then restart it), or move the keys to lower databases`,
  });
}
