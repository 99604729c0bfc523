// Moves the slots of one (source, target) pair. Slots are opened, emptied and closed in groups. With a long round trip several
// groups run at once, so that the next is open before the last is closed. Not here: opening (slots/slot-opening.ts), MIGRATE
// (keys/empty-slot.ts), closing (slots/slot-handover.ts).
import type { NodeLink } from '../node/node-link.js';
import { drainBusBeforeImport } from './slots/drain-bus-messages.js';
import { SlotHandover, type SlotParties } from './slots/slot-handover.js';
import type { Databases } from './keys/databases.js';
import { SlotDrain } from './keys/empty-slot.js';
import type { MigrateChannels } from './keys/migrate-channels.js';
import { OtherMover } from './safety/other-mover.js';
import { forgetImports, openSlots, withdrawSlots, type Opened } from './slots/slot-opening.js';
import type { MoverSettings, SlotFailure } from './pacing/options.js';
import { KeyConflict } from './pacing/options.js';
import type { PausePoint } from './pacing/pause-switch.js';
import { retrying } from './safety/retry.js';

export interface NodePair extends Required<SlotParties> {
  readonly channels: MigrateChannels;
  /** Databases of the source. */
  readonly databases: Databases;
  readonly pausePoint: PausePoint;
  /** Current number of slots to open and close together. */
  groupSlots(): number;
  /** As in MoveRequest. */
  readonly beforeLastSlot: ((source: NodeLink) => Promise<void>) | undefined;
}

/**
 * Groups that run at once with a long round trip: one opens, two move, one closes. With a short round trip, one at a time is as
 * fast.
 */
const FAR_GROUPS = 4;
/** Maximum number of slots open at once. It bounds the delay of an abort and the number of slots a killed move leaves open. */
const MAX_OPEN = 128;
/** Round-trip milliseconds from which a node counts as distant. */
const FAR_MS = 0.5;

async function groupsInFlight(pair: NodePair, settings: MoverSettings): Promise<number> {
  const { roundTripMs } = await retrying(settings, pair.source, () => pair.channels.main.measure());
  if (settings.slotsInFlight !== undefined) return Math.max(1, Math.floor(settings.slotsInFlight / pair.groupSlots()));
  return roundTripMs < FAR_MS ? 1 : FAR_GROUPS;
}

/** Moves slots in order until done or `stopped()`; returns the slots that failed. Never throws for a slot's failure. */
export async function movePair(pair: NodePair, slots: readonly number[], settings: MoverSettings, stopped: () => boolean): Promise<SlotFailure[]> {
  if (slots.length === 0) return [];
  const { source, target } = pair;
  if (pair.takesOver) await drainBusBeforeImport(source, target, settings.signal);
  const groups = await groupsInFlight(pair, settings);
  const most = Math.max(1, Math.floor((settings.slotsInFlight ?? MAX_OPEN) / groups));
  const failures: SlotFailure[] = [];
  const moved = new Map<number, number>();
  const closing = new SlotHandover(settings, pair, (closed) => {
    for (const slot of closed) settings.emit({ kind: 'slotClosed', slot, source: ref(source), target: ref(target), keys: moved.get(slot) ?? 0 });
  });
  let next = 0;
  const moveUpTo = async (end: number): Promise<void> => {
    for (;;) {
      await pair.pausePoint.pauseHere(() => closing.settled());
      if (next >= end || stopped() || failures.length > 0) return;
      const group = slots.slice(next, Math.min(next + Math.min(pair.groupSlots(), most), end));
      next += group.length;
      failures.push(...(await moveGroup(pair, group, settings, closing, moved)));
    }
  };
  // The last slot of a source that keeps not-claimed flags moves alone; its announcement removes them (slots/slot-handover.ts).
  const alone = pair.keepsNotClaimedFlag || pair.beforeLastSlot !== undefined;
  await Promise.all(Array.from({ length: groups }, () => pair.pausePoint.run(() => moveUpTo(alone ? slots.length - 1 : slots.length))));
  if (alone && !stopped() && failures.length === 0) failures.push(...(await lastSlotRefused(pair, slots, settings)));
  if (alone && !stopped() && failures.length === 0) {
    if (pair.keepsNotClaimedFlag) await closing.drainBeforeLastSlot();
    await pair.pausePoint.run(() => moveUpTo(slots.length));
  }
  const unsettled = await closing.settled();
  return unsettled === undefined ? failures : [...failures, ...report(pair, new Map(unsettled.slots.map((slot) => [slot, unsettled.error])))];
}

/** The failure of the last slot, which is not open yet, when it may not move; none when it may. */
async function lastSlotRefused(pair: NodePair, slots: readonly number[], settings: MoverSettings): Promise<SlotFailure[]> {
  const { beforeLastSlot, source } = pair;
  if (beforeLastSlot === undefined) return [];
  try {
    await retrying(settings, source, () => beforeLastSlot(source));
    return [];
  } catch (error) {
    const last = slots.slice(-1);
    return report(pair, new Map(last.map((slot) => [slot, error])), new Set(last));
  }
}

/** `moved`: number of keys moved, by slot. */
async function moveGroup(pair: NodePair, slots: readonly number[], settings: MoverSettings, closing: SlotHandover, moved: Map<number, number>): Promise<SlotFailure[]> {
  const failures = new Map<number, unknown>();
  const opening = { ...pair, firstKeys: pair.channels.main.sizer.offerKeys + 1 };
  let closed = new Set<number>();
  try {
    const opened = await openSlots(opening, slots, settings, failures);
    const empty = await emptied(pair, opened, settings, moved, failures);
    // Withdraw before closing: a closed slot cannot be reopened. Slots with conflicting keys stay open for fix.
    const whole = [...opened.keys()].filter((slot) => failures.has(slot) && !(failures.get(slot) instanceof KeyConflict) && (moved.get(slot) ?? 0) === 0);
    if (whole.length > 0) closed = await withdrawSlots(opening, whole, settings);
    if (empty.length > 0) await closing.close(empty);
  } catch (error) {
    for (const slot of slots) if (!failures.has(slot)) failures.set(slot, error);
    if (error instanceof OtherMover && pair.takesOver) await forgetImports(opening, slots, settings);
  }
  return report(pair, failures, closed);
}

/** Empties slots until no database of the source holds keys of them; returns the empty slots. Failures go to `failures`. */
async function emptied(pair: NodePair, opened: Opened, settings: MoverSettings, moved: Map<number, number>, failures: Map<number, unknown>): Promise<number[]> {
  const left = (): number[] => [...opened.keys()].filter((slot) => !failures.has(slot));
  for (let held = opened; held.size > 0; held = await stillHeld(pair, left(), settings)) await drainAll(pair, held, settings, moved, failures);
  return left();
}

/**
 * Keys that a source with several databases still holds. A source with one database needs no check: GETKEYSINSLOT returned
 * none.
 */
async function stillHeld({ source, databases, channels }: NodePair, slots: readonly number[], settings: MoverSettings): Promise<Opened> {
  const held: Opened = new Map();
  if (!databases.several || slots.length === 0) return held;
  const most = channels.main.sizer.offerKeys + 1;
  for (const [slot, its] of await retrying(settings, source, () => databases.holding(slots))) {
    const found = await retrying(settings, source, () => Promise.all(its.map((database) => databases.firstKeys(database, [slot], most))));
    held.set(slot, found.flatMap((one) => [...one.values()]));
  }
  return held;
}

/** Empties the slots in parallel within the channels' limits and adds to `moved` the number of keys moved, by slot. */
async function drainAll(pair: NodePair, opened: Opened, settings: MoverSettings, moved: Map<number, number>, failures: Map<number, unknown>): Promise<void> {
  const parts = [...opened].flatMap(([slot, its]) => its.map((one) => ({ slot, ...one })));
  await Promise.all(
    parts.map(async ({ slot, database, keys }) => {
      try {
        const channel = database === 0 ? pair.channels.main : await retrying(settings, pair.source, () => pair.channels.of(database));
        const count = (more: number): void => void moved.set(slot, (moved.get(slot) ?? 0) + more);
        await new SlotDrain(slot, pair.source, pair.target, channel, settings, count).run(keys);
      } catch (error) {
        failures.set(slot, error);
      }
    }),
  );
}

/** `closed`: slots that still belong to their source and are no longer open. */
function report(pair: NodePair, failures: ReadonlyMap<number, unknown>, closed: ReadonlySet<number> = new Set()): SlotFailure[] {
  return [...failures].map(([slot, cause]) => {
    const error = cause instanceof Error ? cause : new Error(String(cause));
    return { slot, source: ref(pair.source), target: ref(pair.target), error, conflicts: error instanceof KeyConflict ? error.keys : [], ...(closed.has(slot) ? { untouched: true as const } : {}) };
  });
}

function ref(link: NodeLink): { id: string; name: string } {
  return { id: link.id, name: link.name };
}
