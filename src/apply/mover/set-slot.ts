// CLUSTER SETSLOT for many slots in one write, repeated when the connection breaks (it may be said twice), and the
// closing order that leaves no moment without an owner (cli 2.8 step 5).
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

/**
 * True when a node can be given many slots with one announcement; see takeTogether. Servers before 7.0 announce nothing
 * by themselves. Valkey 8 replicates every SETSLOT and waits for it, which has no place inside MULTI. Users who may not
 * MULTI get the plain way too.
 */
export async function canTakeTogether(link: NodeLink): Promise<boolean> {
  const connection = await link.connection();
  const [info, multi, exec] = await connection.pipeline([['INFO', 'server'], ['MULTI'], ['EXEC']]);
  if (typeof info !== 'string' || multi !== 'OK' || !Array.isArray(exec)) return false;
  return Number(/^redis_version:(\d+)/m.exec(info)?.[1]) >= 7 && !/^(valkey_version|server_name:valkey)/m.test(info);
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
async function takeTogether(settings: MoverSettings, link: NodeLink, slots: readonly number[]): Promise<Map<number, ReplyError>> {
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

/** Who is told of a slot's new owner. */
export interface Ends {
  readonly source: NodeLink;
  readonly target: NodeLink;
  /** Masters that only need to know. */
  readonly others: readonly NodeLink[];
  /** The target can take many slots in one transaction. */
  readonly together: boolean;
}

/** A master that gave its last slot away has become a replica and says so: all is as it should be. */
const NO_MASTER_ANY_MORE = /only with (masters|primaries)/i;

/**
 * Gives the emptied slots to the target: told first, as an owner must know before anybody points to it; then the
 * source; then the other masters, whose errors are only warnings, because gossip tells them too. `together`: the target
 * can take them in one transaction (canTakeTogether) and announces them to all nodes itself. Then the others are left
 * alone (late.ts looks after them): a 7.0 node that hears of a slot's new owner from us between "the old owner lets it
 * go" and "the new owner has it" on the bus keeps a mark that the slot is anybody's. When it becomes the target of that
 * slot one day, a late ping of the former owner takes the slot away again, and its keys are deleted.
 */
export async function closeSlots(
  settings: MoverSettings,
  slots: readonly number[],
  { source, target, others, together }: Ends,
): Promise<void> {
  const refusedByTarget = together ? await takeTogether(settings, target, slots) : await setSlots(settings, target, slots, 'NODE', target.id);
  failOnRefusal(refusedByTarget, target);
  const refusedBySource = await setSlots(settings, source, slots, 'NODE', target.id);
  for (const [slot, error] of refusedBySource) if (NO_MASTER_ANY_MORE.test(error.message)) refusedBySource.delete(slot);
  failOnRefusal(refusedBySource, source);
  if (!together) await Promise.all(others.map((other) => tell(settings, other, slots, target.id)));
}

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

function failOnRefusal(refused: ReadonlyMap<number, ReplyError>, link: NodeLink): void {
  const [first] = refused;
  if (first === undefined) return;
  const [slot, error] = first;
  throw new TribError('SETSLOT_REFUSED', `Node ${link.name} refused slot ${slot}: ${error.message}`, { hint: 'look with check; fix completes or closes what is open', cause: error });
}
