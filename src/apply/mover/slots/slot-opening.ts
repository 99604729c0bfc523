// Opens slots on both nodes of a pair and lists their first keys; closes again those of which no key could move. Not here:
// emptying them (keys/empty-slot.ts), giving them to the target (slot-handover.ts).
import { setSlotCommand } from '../../../client/admin.js';
import { asBulks } from '../../../client/read-reply.js';
import type { PipelineReply } from '../../../client/connection.js';
import { TribError } from '../../../errors.js';
import { encodeCommands } from '../../../resp/command.js';
import { ReplyError } from '../../../resp/reply.js';
import type { NodeLink } from '../../node/node-link.js';
import { oneLine } from '../../../resp/visible.js';
import { Databases, KEYSPACE, type SlotKeys } from '../keys/databases.js';
import type { MoverSettings } from '../pacing/options.js';
import { isTransient, retrying } from '../safety/retry.js';
import { OWN_STATE, type OtherMover, type SourceWatch } from '../safety/other-mover.js';
import { setSlots } from './set-slot.js';

/** The nodes, and the number of keys to list. */
export interface Opening {
  readonly source: NodeLink;
  readonly target: NodeLink;
  readonly databases: Databases;
  readonly firstKeys: number;
  /** SlotMethods.connectionCount of both nodes. */
  readonly sourceConnections: number;
  readonly targetConnections: number;
  readonly watch: SourceWatch;
}

/** Keys of each slot, by database. */
export type Opened = Map<number, SlotKeys[]>;

/**
 * Opens slots, target first (cli.md 2.8), and lists their first keys; slots that either node refuses go to `failures`. Throws
 * OtherMover; the slots stay open then, because the other program may be at them.
 */
export async function openSlots(opening: Opening, slots: readonly number[], settings: MoverSettings, failures: Map<number, unknown>): Promise<Opened> {
  const { source, target, targetConnections } = opening;
  const refused = await setSlots(settings, target, slots, 'IMPORTING', source.id, targetConnections);
  for (const [slot, error] of refused) failures.set(slot, refusal(target, slot, error));
  const importing = slots.filter((slot) => !refused.has(slot));
  const opened = await migrate(opening, importing, settings, failures);
  const stuck = importing.filter((slot) => !opened.has(slot));
  // The source refuses: nothing has moved, so the target's mark is removed.
  if (stuck.length > 0) await setSlots(settings, target, stuck, 'STABLE', '', targetConnections).catch(() => undefined);
  for (const slot of opened.keys()) settings.emit({ kind: 'slotOpened', slot, source: ref(source), target: ref(target) });
  return opened;
}

/**
 * Once the source migrates a slot no database gets new keys of it, so the list read after SETSLOT is complete. A source that
 * waits for its replicas gets SETSLOT over several connections first, and the list is read after that.
 */
async function migrate(opening: Opening, slots: readonly number[], settings: MoverSettings, failures: Map<number, unknown>): Promise<Opened> {
  const { source, target, sourceConnections } = opening;
  if (sourceConnections <= 1) return retrying(settings, source, () => migrating(opening, slots, true, failures, settings));
  let other: OtherMover | undefined;
  const first = { command: OWN_STATE, onReply: (reply?: PipelineReply) => void (other ??= opening.watch.judge(reply)) };
  const refused = await setSlots(settings, source, slots, 'MIGRATING', target.id, sourceConnections, first);
  if (other !== undefined) await yieldTo(other, source, slots, settings);
  for (const [slot, error] of refused) failures.set(slot, refusal(source, slot, error));
  return retrying(settings, source, () => migrating(opening, slots.filter((slot) => !refused.has(slot)), false, failures, settings));
}

/** Restores the marks of slots that another program had opened before they were overwritten here, and throws its error. */
async function yieldTo(other: OtherMover, source: NodeLink, slots: readonly number[], settings: MoverSettings): Promise<never> {
  const quick = { ...settings, retryMs: CLOSE_MS };
  for (const [slot, target] of other.elsewhere) if (slots.includes(slot)) await setSlots(quick, source, [slot], 'MIGRATING', target);
  throw other;
}

/** `tell`: also sends SETSLOT MIGRATING. */
async function migrating({ source, target, databases, firstKeys, watch }: Opening, slots: readonly number[], tell: boolean, failures: Map<number, unknown>, settings: MoverSettings): Promise<Opened> {
  const connection = await source.connection();
  const each = tell ? 2 : 1;
  const commands = slots.flatMap((slot) => [...(tell ? [setSlotCommand(slot, 'MIGRATING', target.id)] : []), ['CLUSTER', 'GETKEYSINSLOT', String(slot), String(firstKeys)]]);
  if (databases.several) commands.push(KEYSPACE);
  const [state, ...replies] = await connection.send(encodeCommands([OWN_STATE, ...commands]), commands.length + 1);
  const other = watch.judge(state as PipelineReply);
  if (other !== undefined) await yieldTo(other, source, slots, settings);
  const opened: Opened = new Map();
  slots.forEach((slot, index) => {
    const reply = tell ? replies[index * each] : 'OK';
    if (reply instanceof ReplyError && isTransient(reply)) throw reply;
    if (reply instanceof ReplyError) failures.set(slot, refusal(source, slot, reply));
    else opened.set(slot, [{ database: 0, keys: asBulks(replies[index * each + each - 1]) }]);
  });
  if (!databases.several || opened.size === 0) return opened;
  for (const database of databases.others(replies[slots.length * each] as PipelineReply)) {
    for (const [slot, keys] of await databases.firstKeys(database, [...opened.keys()], firstKeys)) opened.get(slot)?.push(keys);
  }
  return opened;
}

/**
 * Ends the import on the target. Otherwise, when another program gives such a slot to its own target, the source stops claiming
 * it, a Valkey target still importing it takes it over (importerTakesOver), and that program's target deletes the slot's keys.
 * Keys that have moved stay on this target until fix brings them to the owner. The source's marks stay: they may be those of
 * the other program.
 */
export async function forgetImports({ target, targetConnections }: Opening, slots: readonly number[], settings: MoverSettings): Promise<void> {
  const refused = await setSlots({ ...settings, retryMs: CLOSE_MS }, target, slots, 'STABLE', '', targetConnections).catch((error: unknown) => error);
  if (refused instanceof Error) settings.emit({ kind: 'warning', code: 'STILL_IMPORTS', message: `${target.name} still imports slots that another program moves: ${oneLine(refused.message)}. Close them at once: redis-trib fix` });
}

/** Milliseconds that a node may take to close a slot that could not be moved. fix closes the rest. */
const CLOSE_MS = 2000;

/**
 * Closes slots of which no key has moved; returns those closed on both nodes, the others stay open. The target first: it then
 * accepts no more redirected client writes. Keys that clients have written on the target must stay reachable: such a slot is
 * opened again.
 */
export async function withdrawSlots({ source, target, sourceConnections, targetConnections }: Opening, slots: readonly number[], settings: MoverSettings): Promise<Set<number>> {
  const quick = { ...settings, retryMs: CLOSE_MS };
  try {
    const refused = await setSlots(quick, target, slots, 'STABLE', '', targetConnections);
    const stable = slots.filter((slot) => !refused.has(slot));
    const holding = await retrying(quick, target, async () => (await Databases.of(target)).holding(stable));
    if (holding.size > 0) await setSlots(quick, target, [...holding.keys()], 'IMPORTING', source.id, targetConnections);
    const empty = stable.filter((slot) => !holding.has(slot));
    const kept = await setSlots(quick, source, empty, 'STABLE', '', sourceConnections);
    return new Set(empty.filter((slot) => !kept.has(slot)));
  } catch {
    return new Set(); // A node is unreachable: fix closes them.
  }
}

function refusal(node: NodeLink, slot: number, error: ReplyError): TribError {
  return new TribError('SETSLOT_REFUSED', `Node ${node.name} refused slot ${slot}: ${oneLine(error.message)}`, { hint: 'run check, then make a new plan', cause: error });
}

function ref({ id, name }: NodeLink): { id: string; name: string } {
  return { id, name };
}
