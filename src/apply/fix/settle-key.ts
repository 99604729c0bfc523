// One key that is on both nodes: equal copies become one; of different ones the wanted copy stays and the other is saved
// to a file first, or both stay. Not here: moving keys (carry.ts), the question which copy is wanted (the caller's).
import type { Connection } from '../../client/connection.js';
import { migrateCommand } from '../../client/migrate-command.js';
import { TribError } from '../../errors.js';
import { ReplyError, fromBinary } from '../../resp/reply.js';
import type { NodeLink } from '../node-link.js';
import type { KeyCopy } from './copies.js';
import { askHere, readCopy, sameValue } from './copies.js';
import type { CopyFile } from './save-copies.js';

/**
 * Which of two different copies stays: that of the node that owns the slot and serves the key, the one with the larger
 * DUMP, the one that is being moved (redis-cli's --cluster-replace), or both where they are (abort).
 */
export type ConflictPolicy = 'newest-slot-owner' | 'largest' | 'moved' | 'abort';

/** A side of a conflict, for a person. */
export interface ConflictCopy {
  readonly node: string;
  readonly type: string;
  /** Length of its DUMP. */
  readonly bytes: number;
  /** Milliseconds left to live, -1 for ever. */
  readonly ttlMs: number;
}

export interface KeyConflictCase {
  readonly slot: number;
  /** As text; bytes that are no UTF-8 become U+FFFD. */
  readonly key: string;
  /** The copy clients read and write. */
  readonly served: ConflictCopy;
  readonly other: ConflictCopy;
}

/** The two nodes between which keys of slots move. */
export interface Road {
  readonly source: NodeLink;
  readonly target: NodeLink;
  /** Which of the two serves a key that is on both. */
  readonly serving: 'source' | 'target';
  /** Timeout argument of MIGRATE, milliseconds. */
  readonly timeoutMs: number;
}

export interface Settling {
  /** Asked for every key with different copies. */
  onConflict(conflict: KeyConflictCase): Promise<ConflictPolicy>;
  readonly file: CopyFile;
  warn(message: string, slot: number, key: string): void;
}

/** 'settled': at most one copy is left, or both are equal and the source's moves next time. 'both': they stay. */
export type Settled = 'settled' | 'both';

/** How often a copy may change under our hands before we leave the key alone. */
const ATTEMPTS = 10;

function shown(link: NodeLink, copy: KeyCopy): ConflictCopy {
  return { node: link.name, type: copy.type, bytes: copy.payload.length, ttlMs: copy.ttlMs };
}

/** Settles one key of one slot. Throws NOT_SAVED, ReplyError, or what a connection throws. */
export async function settleKey(road: Road, settling: Settling, slot: number, key: string): Promise<Settled> {
  const [source, target] = [await road.source.connection(), await road.target.connection()];
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    const [mine, theirs] = await Promise.all([readCopy(source, key), readCopy(target, key)]);
    if (mine === undefined || theirs === undefined) return 'settled'; // gone, or free to move
    if (await sameValue(source, target, key, [mine, theirs])) return dropUnserved(road, source, key);
    const [served, other] = road.serving === 'source' ? [mine, theirs] : [theirs, mine];
    const links = road.serving === 'source' ? [road.source, road.target] as const : [road.target, road.source] as const;
    const conflict = { slot, key: fromBinary(key), served: shown(links[0], served), other: shown(links[1], other) };
    const policy = await settling.onConflict(conflict);
    const keepServed = policy === 'newest-slot-owner' || (policy === 'largest' && served.payload.length >= other.payload.length) || (policy === 'moved' && road.serving === 'source');
    if (policy === 'abort') return 'both';
    const [keeper, loser] = keepServed ? links : [links[1], links[0]];
    settling.warn(`key ${JSON.stringify(conflict.key)} of slot ${slot} had different values: that of ${keeper.name} stays, that of ${loser.name} goes to ${settling.file.path}`, slot, conflict.key);
    if (keepServed) {
      await settling.file.save({ slot, key, node: loser.name, kept: keeper.name }, other);
      return dropUnserved(road, source, key);
    }
    await overwriteServed(road, settling, { slot, key, node: loser.name, kept: keeper.name }, other);
    // Now both are equal, unless a client has written meanwhile: look again.
  }
  return 'both';
}

/** Removes the copy that no client sees: the target's by letting the source's overwrite it, the source's by deleting it. */
async function dropUnserved(road: Road, source: Connection, key: string): Promise<Settled> {
  if (road.serving === 'target') {
    await askHere(source, [['DEL', key]]);
    return 'settled';
  }
  const { host, port } = road.target.announced;
  const [reply] = await source.pipeline([migrateCommand({ host, port, keys: [key], replace: true, timeoutMs: road.timeoutMs, ...road.target.credentials })], { timeoutMs: road.timeoutMs * 4 + 60_000 });
  if (reply instanceof ReplyError) throw reply;
  return 'settled';
}

/**
 * Puts the other copy in the place of the one clients use. What they wrote up to this very moment is what is saved:
 * WATCH lets the exchange fail when they write in between, and the caller looks again.
 */
async function overwriteServed(road: Road, settling: Settling, from: { slot: number; key: string; node: string; kept: string }, winner: KeyCopy): Promise<void> {
  const link = road.serving === 'source' ? road.source : road.target;
  await using connection = await link.dial(); // WATCH and MULTI are states of a connection
  const { key } = from;
  await askHere(connection, [['WATCH', key]]);
  const current = await readCopy(connection, key);
  if (current === undefined) return;
  await settling.file.save(from, current);
  const ttl = winner.ttlMs < 0 ? 0 : Math.max(1, winner.ttlMs);
  // ASKING holds for a whole transaction.
  const replies = await connection.pipeline([['ASKING'], ['MULTI'], ['RESTORE', key, ttl, winner.payload, 'REPLACE'], ['EXEC']], { timeoutMs: 0 });
  const done = replies[3];
  if (done === null) return;
  const failed = [...replies, ...(Array.isArray(done) ? done : [])].find((reply) => reply instanceof ReplyError);
  if (failed instanceof ReplyError) {
    const text = `Node ${link.name} does not take the copy of key ${JSON.stringify(fromBinary(key))} from ${from.kept}: ${failed.message}`;
    throw new TribError('RESTORE_FAILED', text, { hint: 'keep the copy of the slot\'s owner: --on-conflict newest-slot-owner', cause: failed });
  }
}
