// Moves the slots of one (source, target) pair: groups of slots are opened together, emptied, closed together; over a long
// way several groups are under way at once, so that the next is open before the last is closed. Not here: MIGRATE (drain.ts).
import { setSlotCommand } from '../../client/admin.js';
import { asBulks } from '../../client/read-reply.js';
import { TribError } from '../../errors.js';
import type { BulkList } from '../../resp/bulk-list.js';
import { encodeCommands } from '../../resp/command.js';
import { ReplyError } from '../../resp/reply.js';
import type { NodeLink } from '../node-link.js';
import { Closing, type Ends } from './closing.js';
import { Drain } from './drain.js';
import type { Lane } from './lane.js';
import type { MoverSettings, SlotFailure } from './options.js';
import { KeyConflict } from './options.js';
import type { RestingPlace } from './pause-switch.js';
import { mayPass, retrying } from './retry.js';
import { setSlots } from './set-slot.js';

export interface Pair extends Ends {
  readonly lane: Lane;
  /** The source is one that may keep marks (closing.ts): the last slot goes alone, and takes them away. */
  readonly marking: boolean;
  readonly resting: RestingPlace;
  /** How many slots to open and close together at the moment. */
  groupSlots(): number;
}

/** Groups under way at once over a long way: one opens, two move, one closes. Near by, one after the other is as fast, and calmer. */
const FAR_GROUPS = 4;
/** Slots open at once, at most: who stops wants to stop soon, and what is killed leaves them to fix. */
const MOST_OPEN = 128;
/** Milliseconds there and back from which a node counts as far away. */
const FAR_MS = 0.5;

async function groupsInFlight(pair: Pair, settings: MoverSettings): Promise<number> {
  const { roundTripMs } = await retrying(settings, pair.source, () => pair.lane.survey());
  if (settings.slotsInFlight !== undefined) return Math.max(1, Math.floor(settings.slotsInFlight / pair.groupSlots()));
  return roundTripMs < FAR_MS ? 1 : FAR_GROUPS;
}

/** Moves slots in order until done or `stopped()`; returns the slots that failed. Never throws for a slot's failure. */
export async function movePair(pair: Pair, slots: readonly number[], settings: MoverSettings, stopped: () => boolean): Promise<SlotFailure[]> {
  if (slots.length === 0) return [];
  const groups = await groupsInFlight(pair, settings);
  const most = Math.max(1, Math.floor((settings.slotsInFlight ?? MOST_OPEN) / groups));
  const failures: SlotFailure[] = [];
  const { source, target } = pair;
  const moved = new Map<number, number>();
  const closing = new Closing(settings, pair, (closed) => {
    for (const slot of closed) settings.emit({ kind: 'slotClosed', slot, source: ref(source), target: ref(target), keys: moved.get(slot) ?? 0 });
  });
  let next = 0;
  const moveUpTo = async (end: number): Promise<void> => {
    for (;;) {
      await pair.resting.rest(() => closing.settled());
      if (next >= end || stopped() || failures.length > 0) return;
      const group = slots.slice(next, Math.min(next + Math.min(pair.groupSlots(), most), end));
      next += group.length;
      failures.push(...(await moveGroup(pair, group, settings, closing, moved)));
    }
  };
  const together = pair.marking ? slots.length - 1 : slots.length;
  await Promise.all(Array.from({ length: groups }, () => pair.resting.employ(() => moveUpTo(together))));
  if (pair.marking && !stopped() && failures.length === 0) {
    await closing.clearWay();
    await pair.resting.employ(() => moveUpTo(slots.length));
  }
  const unsettled = await closing.settled();
  return unsettled === undefined ? failures : [...failures, ...report(pair, new Map(unsettled.slots.map((slot) => [slot, unsettled.error])))];
}

/** `moved`: keys of each emptied slot. */
async function moveGroup(pair: Pair, slots: readonly number[], settings: MoverSettings, closing: Closing, moved: Map<number, number>): Promise<SlotFailure[]> {
  const failures = new Map<number, unknown>();
  try {
    const opened = await open(pair, slots, settings, failures);
    const keys = await drainAll(pair, opened, settings, failures);
    if (keys.size === 0) return report(pair, failures);
    for (const [slot, count] of keys) moved.set(slot, count);
    await closing.close([...keys.keys()]);
  } catch (error) {
    for (const slot of slots) if (!failures.has(slot)) failures.set(slot, error);
  }
  return report(pair, failures);
}

/** Opens slots, target first (cli 2.8), and asks for their first keys; slots refused by either side go to `failures`. */
async function open(pair: Pair, slots: readonly number[], settings: MoverSettings, failures: Map<number, unknown>): Promise<Map<number, BulkList>> {
  const { source, target } = pair;
  const refused = await setSlots(settings, target, slots, 'IMPORTING', source.id);
  for (const [slot, error] of refused) failures.set(slot, refusal(target, slot, error));
  const importing = slots.filter((slot) => !refused.has(slot));
  const keys = await retrying(settings, source, () => migrating(pair, importing, failures));
  const stuck = importing.filter((slot) => !keys.has(slot));
  // The source won't give them: nothing has moved, so the target's mark can simply go.
  if (stuck.length > 0) await setSlots(settings, target, stuck, 'STABLE', '').catch(() => undefined);
  for (const slot of keys.keys()) settings.emit({ kind: 'slotOpened', slot, source: ref(source), target: ref(target) });
  return keys;
}

async function migrating(pair: Pair, slots: readonly number[], failures: Map<number, unknown>): Promise<Map<number, BulkList>> {
  const connection = await pair.source.connection();
  const count = pair.lane.pace.offerKeys + 1;
  const commands = slots.flatMap((slot) => [setSlotCommand(slot, 'MIGRATING', pair.target.id), ['CLUSTER', 'GETKEYSINSLOT', String(slot), String(count)]]);
  const replies = await connection.send(encodeCommands(commands), commands.length);
  const keys = new Map<number, BulkList>();
  slots.forEach((slot, index) => {
    const opened = replies[index * 2];
    if (opened instanceof ReplyError && mayPass(opened)) throw opened;
    if (opened instanceof ReplyError) failures.set(slot, refusal(pair.source, slot, opened));
    else keys.set(slot, asBulks(replies[index * 2 + 1]));
  });
  return keys;
}

/** Empties the slots, side by side as far as the lane lets them; returns how many keys each had. */
async function drainAll(pair: Pair, opened: ReadonlyMap<number, BulkList>, settings: MoverSettings, failures: Map<number, unknown>): Promise<Map<number, number>> {
  const keys = new Map<number, number>();
  await Promise.all(
    [...opened].map(async ([slot, first]) => {
      try {
        keys.set(slot, await new Drain(slot, pair.source, pair.target, pair.lane, settings).run(first));
      } catch (error) {
        failures.set(slot, error);
      }
    }),
  );
  return keys;
}

function refusal(node: NodeLink, slot: number, error: ReplyError): TribError {
  return new TribError('SETSLOT_REFUSED', `Node ${node.name} refused slot ${slot}: ${error.message}`, { hint: 'look with check, then make a new plan', cause: error });
}

function report(pair: Pair, failures: ReadonlyMap<number, unknown>): SlotFailure[] {
  return [...failures].map(([slot, cause]) => {
    const error = cause instanceof Error ? cause : new Error(String(cause));
    return { slot, source: ref(pair.source), target: ref(pair.target), error, conflicts: error instanceof KeyConflict ? error.keys : [] };
  });
}

function ref(link: NodeLink): { id: string; name: string } {
  return { id: link.id, name: link.name };
}
