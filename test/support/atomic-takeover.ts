// How slots of a finished job change their owner: keys are copied first, then claimed, then removed at the
// source, so that a failure before the claim changes nothing. Clients of both proxies wait meanwhile.
import type { Connection } from '../../src/client/connection.js';
import { setSlotCommand } from '../../src/client/admin.js';
import type { Reply } from '../../src/resp/reply.js';
import { ReplyError } from '../../src/resp/reply.js';

/** More keys than a test puts into one slot. */
const ALL_KEYS = 1_000_000;
const TIMEOUT_MS = 20_000;

/** One side: the node's id, its own port and a connection to it that no front is on. */
export interface Side {
  readonly id: string;
  readonly port: number;
  readonly link: Connection;
}

async function all(link: Connection, commands: readonly (readonly (string | number)[])[]): Promise<Reply[]> {
  const replies = await link.pipeline(commands, { timeoutMs: TIMEOUT_MS });
  for (const reply of replies) if (reply instanceof ReplyError) throw reply;
  return replies;
}

/** Keys of each slot that has any. */
async function keysOf(link: Connection, slots: readonly number[]): Promise<string[][]> {
  const lists = await all(link, slots.map((slot) => ['CLUSTER', 'GETKEYSINSLOT', slot, ALL_KEYS]));
  return lists.filter(Array.isArray).map((keys) => keys.map(String)).filter((keys) => keys.length > 0);
}

async function undo(slots: readonly number[], source: Side, target: Side): Promise<void> {
  for (const keys of await keysOf(target.link, slots)) await target.link.pipeline([['ASKING'], ['DEL', ...keys]]);
  for (const { link } of [source, target]) await link.pipeline(slots.map((slot) => setSlotCommand(slot, 'STABLE')));
}

/** Copies and claims. Rejects when nothing has moved, with the first error of a node. */
async function copyAndClaim(slots: readonly number[], source: Side, target: Side): Promise<string[][]> {
  try {
    await all(target.link, slots.map((slot) => setSlotCommand(slot, 'IMPORTING', source.id)));
    await all(source.link, slots.map((slot) => setSlotCommand(slot, 'MIGRATING', target.id)));
    const lists = await keysOf(source.link, slots);
    const to = ['MIGRATE', '127.0.0.1', target.port, '', 0, TIMEOUT_MS, 'COPY', 'REPLACE', 'KEYS'];
    await all(source.link, lists.map((keys) => [...to, ...keys]));
    await all(target.link, slots.map((slot) => setSlotCommand(slot, 'NODE', target.id)));
    return lists;
  } catch (error) {
    await undo(slots, source, target).catch(() => undefined);
    throw error;
  }
}

/**
 * Gives `slots` of the source with their keys to the target; `others` are the masters that learn of it at once.
 * Rejects when nothing has moved.
 */
export async function handOver(slots: readonly number[], source: Side, target: Side, others: readonly Connection[]): Promise<void> {
  const lists = await copyAndClaim(slots, source, target);
  const claims = slots.map((slot) => setSlotCommand(slot, 'NODE', target.id));
  // From here on errors change nothing: the bus may have been faster, and then the source has dropped its keys already.
  const removals = lists.map((keys) => ['DEL', ...keys]);
  await Promise.allSettled([source.link.pipeline([...removals, ...claims]), ...others.map((link) => link.pipeline(claims))]);
}
