// CLUSTER SETSLOT for many slots in one write, repeated when the connection breaks (it may be said twice). Not here: in which
// order who is told of a slot's new owner (closing.ts).
import type { Arg } from '../../resp/command.js';
import type { Reply } from '../../resp/reply.js';
import { setSlotCommand } from '../../client/admin.js';
import type { SlotState } from '../../client/admin.js';
import { TribError } from '../../errors.js';
import { ReplyError } from '../../resp/reply.js';
import type { NodeLink } from '../node-link.js';
import type { MoverSettings } from './options.js';
import { mayPass, retrying } from './retry.js';

/** Sends one SETSLOT a slot; returns the slots refused for good. Throws when the node stays away or keeps refusing. */
export async function setSlots(
  settings: MoverSettings,
  link: NodeLink,
  slots: readonly number[],
  state: SlotState,
  nodeId: string,
): Promise<Map<number, ReplyError>> {
  return retrying(settings, link, async () => {
    const connection = await link.connection();
    return refusals(slots, await connection.pipeline(slots.map((slot) => (state === 'STABLE' ? setSlotCommand(slot, state) : setSlotCommand(slot, state, nodeId)))));
  });
}

/** Throws a refusal that may pass. */
function refusals(slots: readonly number[], replies: readonly (Reply | ReplyError)[]): Map<number, ReplyError> {
  const refused = new Map<number, ReplyError>();
  replies.forEach((reply, index) => {
    if (!(reply instanceof ReplyError)) return;
    if (mayPass(reply)) throw reply;
    refused.set(slots[index] ?? -1, reply);
  });
  return refused;
}

/** How a node takes slots over. */
export interface TakingWays {
  /** It can be given many slots with one announcement; see takeTogether. */
  readonly together: boolean;
  /** It tells all nodes of slots it has taken by itself, at once. */
  readonly announces: boolean;
}

/**
 * Servers before 7.0 announce nothing by themselves. Valkey 8 replicates every SETSLOT and waits for it, which has no place
 * inside MULTI. Users who may not MULTI get the slots one by one.
 */
export async function takingWays(link: NodeLink): Promise<TakingWays> {
  const connection = await link.connection();
  const [info, multi, exec] = await connection.pipeline([['INFO', 'server'], ['MULTI'], ['EXEC']]);
  if (typeof info !== 'string') return { together: false, announces: false };
  const announces = Number(/^redis_version:(\d+)/m.exec(info)?.[1]) >= 7 && !/^(valkey_version|server_name:valkey)/m.test(info);
  return { together: announces && multi === 'OK' && Array.isArray(exec), announces };
}

/** Whether a server keeps the mark "its owner doesn't claim this slot" when a slot changes hands: 7.0 does (cluster-node 3.4.2). */
export async function keepsMarks(link: NodeLink): Promise<boolean> {
  const [info] = await (await link.connection()).pipeline([['INFO', 'server']]);
  return typeof info === 'string' && /^redis_version:7\.0\./m.test(info);
}

/** The commands that give slots to their importer with two announcements instead of one a slot, and where each slot's verdict is. */
export function takeTogetherCommands(slots: readonly number[], owner: string): { readonly commands: Arg[][]; readonly verdicts: readonly number[] } {
  const commands: Arg[][] = [];
  const verdicts = slots.map((slot, index) => {
    // Only the end of an import bumps the epoch and announces: the first makes the claim win, the last tells of all.
    if (index > 0 && index < slots.length - 1) commands.push(setSlotCommand(slot, 'STABLE'));
    return commands.push(setSlotCommand(slot, 'NODE', owner)) - 1;
  });
  return { commands, verdicts };
}

/**
 * Makes the importer the owner of all slots at once. A server announces every single end of an import to all nodes,
 * each of which goes through all 16384 slots: 32 in a row stall every node of the cluster for milliseconds. In one
 * transaction nobody sees the slots between import and ownership, and nobody's epoch can come in between.
 */
export async function takeTogether(settings: MoverSettings, link: NodeLink, slots: readonly number[]): Promise<Map<number, ReplyError>> {
  const { commands, verdicts } = takeTogetherCommands(slots, link.id);
  return retrying(settings, link, async () => {
    const connection = await link.connection();
    const replies = await connection.pipeline([['MULTI'], ...commands, ['EXEC']]);
    const refused = replies.find((reply) => reply instanceof ReplyError);
    const results = replies[replies.length - 1];
    if (refused instanceof ReplyError && !Array.isArray(results)) throw refused;
    return refusals(slots, Array.isArray(results) ? verdicts.map((at) => results[at] ?? null) : []);
  });
}

/** A master that gave its last slot away has become a replica and says so: all is as it should be. */
export const NO_MASTER_ANY_MORE = /only with (masters|primaries)/i;

/** Tells a master that only has to know. What it refuses is a warning: gossip will tell it. */
export async function tell(settings: MoverSettings, other: NodeLink, slots: readonly number[], owner: string): Promise<void> {
  const impatient = { ...settings, retryMs: 500 };
  try {
    const refused = await setSlots(impatient, other, slots, 'NODE', owner);
    for (const [slot, error] of refused) {
      if (NO_MASTER_ANY_MORE.test(error.message)) continue;
      settings.emit({ kind: 'warning', code: 'NOT_TOLD', message: `${other.name} refused to be told of slot ${slot}: ${error.message}`, slot });
    }
  } catch (error) {
    const text = error instanceof Error ? error.message : String(error);
    settings.emit({ kind: 'warning', code: 'NOT_TOLD', message: `${other.name} could not be told of ${slots.length} slots (gossip will): ${text}` });
  }
}

/** Throws SETSLOT_REFUSED naming the first of the refused slots. */
export function failOnRefusal(refused: ReadonlyMap<number, ReplyError>, link: NodeLink): void {
  const [first] = refused;
  if (first === undefined) return;
  const [slot, error] = first;
  throw new TribError('SETSLOT_REFUSED', `Node ${link.name} refused slot ${slot}: ${error.message}`, { hint: 'look with check; fix completes or closes what is open', cause: error });
}
