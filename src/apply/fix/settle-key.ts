// Resolves one key that is on both nodes. Of equal copies one stays. Of equal values with different times to live the served
// copy stays and the other is saved to a file first; of different values, and where both copies may have been served, the
// chosen copy stays and the other is saved to a file first, or both stay. Not here: moving keys (key-mover.ts), choosing the
// copy (the caller).
import type { Connection } from '../../client/connection.js';
import { migrateCommand } from '../../client/migrate-command.js';
import { TribError } from '../../errors.js';
import { ReplyError, fromBinary } from '../../resp/reply.js';
import { compareExpiries } from '../node/key-expiry.js';
import type { NodeLink } from '../node/node-link.js';
import type { KeyCopy, KeyPlace } from './copies.js';
import { askHere, readCopy, sameValue } from './copies.js';
import type { CopyFile, SavedFrom } from './save-copies.js';
import { shortValue } from './short-value.js';

/**
 * Which of two different copies stays: the served one of the slot's owner, the one with the larger DUMP, the one being moved
 * (redis-cli's --cluster-replace), or both (abort).
 */
export type ConflictPolicy = 'newest-slot-owner' | 'largest' | 'moved' | 'abort';

/** One side of a conflict, for display. */
export interface ConflictCopy {
  readonly node: string;
  readonly type: string;
  /** Length of its DUMP payload. */
  readonly bytes: number;
  /** Time to live in milliseconds, -1 for none. */
  readonly ttlMs: number;
  /** The value of a short printable string; absent for all others. */
  readonly value?: string;
}

export interface KeyConflictCase {
  readonly slot: number;
  readonly database: number;
  /** As text; bytes that are not UTF-8 become U+FFFD. */
  readonly key: string;
  /** The copy that clients read and write. */
  readonly served: ConflictCopy;
  readonly other: ConflictCopy;
  /** The values are equal, only the times to live differ. */
  readonly timeToLiveOnly?: true;
}

/** The two nodes between which keys of slots move. */
export interface ConflictPair {
  readonly source: NodeLink;
  readonly target: NodeLink;
  /** The node that serves a key that is on both. */
  readonly serving: 'source' | 'target';
  /** Timeout argument of MIGRATE, milliseconds. */
  readonly timeoutMs: number;
}

export interface Settling {
  /** Called for every key with different copies. */
  onConflict(conflict: KeyConflictCase): Promise<ConflictPolicy>;
  readonly file: CopyFile;
  /**
   * True for a slot of which the other copy may have been served too: then it is not clear which time to live of equal values
   * is right.
   */
  disputed(slot: number): boolean;
  warn(message: string, slot: number, key: string): void;
  /**
   * Runs the work of one key with different copies at a time. Several sources may hold copies of one key: the next question
   * must show the copies as the previous answer left them.
   */
  inTurn<T>(work: () => Promise<T>): Promise<T>;
}

/**
 * What became of the source's copy. 'moved': the target has it. 'dropped': it was deleted, or is gone. 'free': it moves with the
 * next batch. 'both': both copies are kept.
 */
export type Settled = 'moved' | 'dropped' | 'free' | 'both';

/** How often a copy may change concurrently before the key is left as it is. */
const ATTEMPTS = 10;

/** `, database 3`; empty for database 0, the only one in most clusters. */
export function inDatabase(database: number): string {
  return database === 0 ? '' : `, database ${database},`;
}

function shown(link: NodeLink, copy: KeyCopy): ConflictCopy {
  const value = shortValue(copy.payload);
  return { node: link.name, type: copy.type, bytes: copy.payload.length, ttlMs: copy.ttlMs, ...(value === undefined ? {} : { value }) };
}

/** Milliseconds after which an answer came from a person. Answers of flags come at once. */
const ASKED_MS = 10;

/**
 * While a person reads the question another repair may settle the same slot, so that the copy to be removed is the one that
 * clients write: then nothing is removed. Throws PLAN_STALE when the serving node does not own the slot any more or the other
 * node owns it.
 */
async function requireSameOwner(serving: NodeLink, other: NodeLink, { slot, database, key }: KeyPlace): Promise<void> {
  const [mine, theirs] = await Promise.all([serving, other].map(async (link) => (await (await link.admin()).clusterNodes()).find(({ myself }) => myself)?.slots.has(slot) === true));
  if (mine === true && theirs === false) return;
  throw new TribError('PLAN_STALE', `slot ${slot} has got another owner than ${serving.name} since the question about key ${JSON.stringify(fromBinary(key))}${inDatabase(database)}: both copies stay`, { hint: 'run fix again' });
}

/** Two copies of a key; `same`: their values are equal. */
interface Copies {
  readonly mine: KeyCopy;
  readonly theirs: KeyCopy;
  readonly same: boolean;
}

/** Reads both copies and resolves the key when one is missing or both are equal; else returns them. */
async function settleEqual(pair: ConflictPair, place: KeyPlace): Promise<Settled | Copies> {
  const { database, key } = place;
  const [source, target] = [await pair.source.connection(database), await pair.target.connection(database)];
  const [mine, theirs] = await Promise.all([readCopy(source, key), readCopy(target, key)]);
  if (mine === undefined) return theirs === undefined ? 'dropped' : 'moved'; // MIGRATE moved it with the keys that were not busy.
  if (theirs === undefined) return 'free';
  const same = await sameValue(source, target, key, [mine, theirs]);
  if (same && compareExpiries(mine.ttlMs, theirs.ttlMs) === 'same') return dropUnserved(pair, source, place);
  return { mine, theirs, same };
}

/** Resolves one key. Throws NOT_SAVED, PLAN_STALE, ReplyError, or a connection error. */
export async function settleKey(pair: ConflictPair, settling: Settling, place: KeyPlace): Promise<Settled> {
  const first = await settleEqual(pair, place);
  return typeof first === 'string' ? first : settling.inTurn(() => settleDifferent(pair, settling, place));
}

async function settleDifferent(pair: ConflictPair, settling: Settling, place: KeyPlace): Promise<Settled> {
  const { slot, database, key } = place;
  const [source, target] = [await pair.source.connection(database), await pair.target.connection(database)];
  let overwritten = false;
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    const copies = await settleEqual(pair, place);
    if (typeof copies === 'string') return overwritten && copies === 'dropped' ? 'moved' : copies;
    const { mine, theirs, same } = copies;
    const [served, other] = pair.serving === 'source' ? [mine, theirs] : [theirs, mine];
    const links = pair.serving === 'source' ? [pair.source, pair.target] as const : [pair.target, pair.source] as const;
    const conflict: KeyConflictCase = { slot, database, key: fromBinary(key), served: shown(links[0], served), other: shown(links[1], other), ...(same ? { timeToLiveOnly: true } : {}) };
    const asked = performance.now();
    const policy = same && !settling.disputed(slot) ? 'newest-slot-owner' : await settling.onConflict(conflict);
    if (policy === 'abort') return 'both';
    if (performance.now() - asked > ASKED_MS) {
      await requireSameOwner(...links, place);
      const [mineNow, theirsNow] = await Promise.all([readCopy(source, key), readCopy(target, key)]);
      if (mineNow?.payload !== mine.payload || theirsNow?.payload !== theirs.payload) continue; // The question was about other copies.
    }
    const keepServed = policy === 'newest-slot-owner' || (policy === 'largest' && served.payload.length >= other.payload.length) || (policy === 'moved' && pair.serving === 'source');
    const [keeper, loser] = keepServed ? links : [links[1], links[0]];
    settling.warn(`key ${JSON.stringify(conflict.key)} of slot ${slot}${inDatabase(database)} had different ${same ? 'times to live' : 'values'}: kept the copy of ${keeper.name}, saved the copy of ${loser.name} to ${settling.file.path}`, slot, conflict.key);
    if (keepServed) {
      await settling.file.save({ ...place, node: loser.name, kept: keeper.name }, other);
      return dropUnserved(pair, source, place);
    }
    await overwriteServed(pair, settling, { ...place, node: loser.name, kept: keeper.name }, other);
    overwritten = true;
    // Both copies are equal now, unless a client has written meanwhile: check again.
  }
  return 'both';
}

/** Removes the copy that no client reads: the target's is overwritten by the source's, the source's is deleted. */
async function dropUnserved(pair: ConflictPair, source: Connection, { key, database }: KeyPlace): Promise<Settled> {
  if (pair.serving === 'target') {
    await askHere(source, [['DEL', key]]);
    return 'dropped';
  }
  const { host, port } = pair.target.announced;
  const [reply] = await source.pipeline([migrateCommand({ host, port, keys: [key], replace: true, db: database, timeoutMs: pair.timeoutMs, ...pair.target.credentials })], { timeoutMs: pair.timeoutMs * 4 + 60_000 });
  if (reply instanceof ReplyError) throw reply;
  return 'moved';
}

/**
 * Replaces the served copy by the other one. The served copy is saved as of this moment: WATCH makes the transaction fail when
 * a client writes in between, and the caller tries again.
 */
async function overwriteServed(pair: ConflictPair, settling: Settling, from: SavedFrom, winner: KeyCopy): Promise<void> {
  const link = pair.serving === 'source' ? pair.source : pair.target;
  await using connection = await link.dial(from.database); // WATCH and MULTI are states of a connection.
  const { key } = from;
  await askHere(connection, [['WATCH', key]]);
  const current = await readCopy(connection, key);
  if (current === undefined) return;
  await settling.file.save(from, current);
  const ttl = winner.ttlMs < 0 ? 0 : Math.max(1, winner.ttlMs);
  // ASKING applies to the whole transaction.
  const replies = await connection.pipeline([['ASKING'], ['MULTI'], ['RESTORE', key, ttl, winner.payload, 'REPLACE'], ['EXEC']], { timeoutMs: 0 });
  const done = replies[3];
  if (done === null) return;
  const failed = [...replies, ...(Array.isArray(done) ? done : [])].find((reply) => reply instanceof ReplyError);
  if (failed instanceof ReplyError) {
    const text = `Node ${link.name} refuses the copy of key ${JSON.stringify(fromBinary(key))} from ${from.kept}: ${failed.message}`;
    throw new TribError('RESTORE_FAILED', text, { hint: 'keep the copy of the slot\'s owner: --on-conflict newest-slot-owner', cause: failed });
  }
}
