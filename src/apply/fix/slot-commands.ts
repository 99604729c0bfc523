// The repair steps that only send slot commands: yield, claim, tell, close. Each command is idempotent. Not here: moving keys
// (key-moves.ts).
import { counted } from '../../cluster/counted.js';
import { setSlotCommand } from '../../client/admin.js';
import { TribError, messageOf } from '../../errors.js';
import { oneLine } from '../../resp/visible.js';
import type { FixStep } from '../../plan/fix/step.js';
import { eachSlot } from '../../plan/step.js';
import type { PipelineReply } from '../../client/connection.js';
import { ReplyError } from '../../resp/reply.js';
import { isTransient, retrying } from '../mover/safety/retry.js';
import { sendInParallel, setSlots, slotMethods } from '../mover/slots/set-slot.js';
import type { NodeLink } from '../node/node-link.js';
import { countKeysInSlots } from '../node/slot-keys.js';
import { importerTakesOver, sendSlotCommands } from '../node/slot-transaction.js';
import type { FixRun } from './fix-run.js';
import { returnedOwners } from './returned-owners.js';

const BUMP = ['CLUSTER', 'BUMPEPOCH'];

type FixStepOf<K extends FixStep['kind']> = Extract<FixStep, { kind: K }>;

/**
 * Sends `first`, then the commands of each slot; returns each slot's replies. Repeated when the connection breaks or a refusal
 * is transient.
 */
async function sendCommands(run: FixRun, link: NodeLink, slots: readonly number[], commandsOf: (slot: number) => string[][], first: string[][] = []): Promise<Map<number, PipelineReply[]>> {
  return retrying(run.settings, link, async () => {
    const perSlot = slots.map(commandsOf);
    const replies = await sendSlotCommands(await link.connection(), [...first, ...perSlot.flat()]);
    let at = first.length;
    const bySlot = new Map(slots.map((slot, index) => [slot, replies.slice(at, (at += perSlot[index]?.length ?? 0))]));
    const transient = [...bySlot.values()].flat().find((reply) => reply instanceof ReplyError && isTransient(reply));
    if (transient instanceof ReplyError) throw transient; // For example NOREPLICAS, when a replica has not confirmed a SETSLOT in time.
    return bySlot;
  });
}

function notGivenUp(link: NodeLink, slot: number, refused: ReplyError): TribError {
  return new TribError('YIELD_FAILED', `Node ${link.name} refuses to give up slot ${slot}: ${refused.message}`, { hint: 'fix stopped before any owner was changed, because keys could be lost: run check, then fix again', cause: refused });
}

/**
 * Runs before any node gives up slots. Afterwards no node that would claim a slot without a command (slot-transaction.ts) still
 * imports it from a node that is about to stop claiming it. Refusals are ignored.
 */
export async function settleMarks(run: FixRun): Promise<void> {
  const { steps } = run.request;
  if (!steps.some(({ kind }) => kind === 'yield-slots' || kind === 'claim-slots')) return;
  const slotsOf = new Map<string, Set<number>>();
  for (const step of steps) {
    if (step.kind !== 'yield-slots' && step.kind !== 'close-slots') continue;
    slotsOf.set(step.node, new Set([...(slotsOf.get(step.node) ?? []), ...eachSlot(step.slots)]));
  }
  await Promise.all([...slotsOf].map(async ([id, slots]) => {
    const link = run.link(id);
    if (await importerTakesOver(link)) await closeOn(run, link, run.open(slots), 'close-slots');
  }));
}

/**
 * The node stops owning the slots, keeps their keys, and imports them from the owner. Then gossip about the owner does not
 * delete the keys, MIGRATE accepts them, and the state survives a restart (cluster-node.md 3.4.2, 6.2). A refusal stops the
 * whole repair, because a newer owner could make this node delete its keys. A node that would claim the slots without a command,
 * because the owner does not claim them yet, is marked only before it hands over its keys (key-moves.ts).
 *
 * All slots are disowned before the first SETSLOT, which is slow on servers that replicate it. Gossip about a slot that the
 * node does not own never deletes keys; gossip about one it owns does.
 */
export async function yieldSlots(run: FixRun, step: FixStepOf<'yield-slots'>): Promise<void> {
  const link = run.link(step.node);
  const slots = run.open(eachSlot(step.slots));
  // The new owner is not named before it claims the slot: a 7.0 node would set the flag owner_not_claiming_slot
  // (mover/slots/set-slot.ts).
  const disown = step.disown ? slots.map((slot) => ['CLUSTER', 'DELSLOTS', String(slot)]) : [];
  if (await importerTakesOver(link)) await disownOnly(run, link, disown);
  else {
    const replies = await sendCommands(run, link, slots, (slot) => [setSlotCommand(slot, 'STABLE'), setSlotCommand(slot, 'IMPORTING', step.owner)], disown).catch((error: unknown) => {
      throw error instanceof ReplyError ? notGivenUp(link, slots[0] ?? -1, error) : error;
    });
    for (const [slot, results] of replies) {
      const refused = results[results.length - 1];
      if (refused instanceof ReplyError) throw notGivenUp(link, slot, refused);
    }
  }
  await warnOfGoneKeys(run, link, slots);
}

async function disownOnly(run: FixRun, link: NodeLink, commands: readonly string[][]): Promise<void> {
  const replies = await retrying(run.settings, link, async () => (await link.connection()).pipeline(commands));
  for (const [index, reply] of replies.entries()) {
    if (reply instanceof ReplyError && !/already unassigned/i.test(reply.message)) throw notGivenUp(link, Number(commands[index]?.[2]), reply);
  }
}

/**
 * The servers may have resolved the conflict after fix counted the keys; the node that lost the slot has then deleted its keys.
 */
async function warnOfGoneKeys(run: FixRun, link: NodeLink, slots: readonly number[]): Promise<void> {
  const expected = (slot: number): number => run.request.counts.get(link.id)?.[slot] ?? 0;
  const held = slots.filter((slot) => expected(slot) > 0);
  const found = await countKeysInSlots(link, held).catch((error: unknown) => {
    run.rethrowIfAborted(error);
    return undefined; // This is only a warning.
  });
  for (const [index, slot] of held.entries()) {
    if (found?.[index] !== 0) continue;
    run.request.onEvent({ kind: 'warning', code: 'KEYS_GONE', slot, message: `${link.name} no longer has the ${counted(expected(slot), 'key')} of slot ${slot} that fix counted: probably it learned of another owner by gossip and deleted all keys of the slot; look for a backup` });
  }
}

/** Slots whose owner replies again are not claimed. */
async function leaveToReturnedOwners(run: FixRun, slots: readonly number[]): Promise<void> {
  for (const { node, slots: owned } of await returnedOwners(run.request, slots)) {
    run.fail('claim-slots', owned, new TribError('MASTER_ALIVE', `Master ${node.name} replies again: its slots are not given away, because its keys would be lost`, { hint: 'run check, then fix again' }));
  }
}

/**
 * Makes the node own and close the slots, with an epoch above all others (cli.md 2.5 claim). The epoch is bumped first: without
 * a transaction, a packet of an earlier owner in between could take a slot away again, with its keys.
 */
export async function claimSlots(run: FixRun, step: FixStepOf<'claim-slots'>): Promise<void> {
  const link = run.link(step.node);
  const commandsOf = (slot: number): string[][] => [setSlotCommand(slot, 'STABLE'), setSlotCommand(slot, 'NODE', step.node)];
  await leaveToReturnedOwners(run, run.open(eachSlot(step.slots)));
  const slots = run.open(eachSlot(step.slots));
  if (slots.length === 0) return;
  try {
    const connectionCount = await connectionCountOf(run, link);
    const replies = connectionCount > 1 ? await claimInParallel(run, link, slots, commandsOf, connectionCount) : await sendCommands(run, link, slots, commandsOf, [BUMP]);
    for (const [slot, results] of replies) {
      const refused = results.find((reply) => reply instanceof ReplyError);
      if (refused instanceof ReplyError) run.fail(step.kind, [slot], new TribError('CLAIM_REFUSED', `Node ${link.name} refuses slot ${slot}: ${refused.message}`, { cause: refused }));
    }
    await warnOfGoneKeys(run, link, slots);
  } catch (error) {
    run.rethrowIfAborted(error);
    run.fail(step.kind, slots, error);
  }
}

/** Number of connections for the commands: more than one when the node makes each command wait for its replicas. */
async function connectionCountOf(run: FixRun, link: NodeLink): Promise<number> {
  return (await retrying(run.settings, link, () => slotMethods(link))).connectionCount;
}

/**
 * Bumps the epoch, takes the unassigned slots with one ADDSLOTS, then sends the first commands of all other slots and after
 * them the second ones, over several connections.
 */
async function claimInParallel(run: FixRun, link: NodeLink, slots: readonly number[], commandsOf: (slot: number) => string[][], connectionCount: number): Promise<Map<number, PipelineReply[]>> {
  return retrying(run.settings, link, async () => {
    await (await link.connection()).pipeline([BUMP]);
    const added = await addUnassigned(run, link, slots);
    const rest = slots.filter((slot) => !added.has(slot));
    const bySlot = new Map(rest.map((slot) => [slot, [] as PipelineReply[]]));
    for (const turn of [0, 1]) {
      const replies = await sendInParallel(link, rest.map((slot) => commandsOf(slot)[turn] ?? []), connectionCount);
      rest.forEach((slot, index) => bySlot.get(slot)?.push(replies[index] ?? null));
    }
    const transient = [...bySlot.values()].flat().find((reply) => reply instanceof ReplyError && isTransient(reply));
    if (transient instanceof ReplyError) throw transient;
    return bySlot;
  });
}

/**
 * Takes, with one ADDSLOTS, the slots that are unassigned and not open in the node's table. Returns those taken: all, or none
 * when one has an owner by now, since ADDSLOTS changes nothing then.
 */
async function addUnassigned(run: FixRun, link: NodeLink, slots: readonly number[]): Promise<ReadonlySet<number>> {
  const node = run.request.view.node(link.id);
  if (node === undefined) return new Set();
  const ascribed = node.lines.map((line) => line.slots);
  const free = slots.filter((slot) => !node.migrating.has(slot) && !node.importing.has(slot) && !ascribed.some((theirs) => theirs.has(slot)));
  if (free.length === 0) return new Set();
  const [reply] = await (await link.connection()).pipeline([['CLUSTER', 'ADDSLOTS', ...free]]);
  return new Set(reply === 'OK' ? free : []);
}

/** Sends the owner of the slots to all other masters. Errors are warnings: gossip propagates the owner too. */
export async function tellOwner(run: FixRun, step: FixStepOf<'tell-owner'>): Promise<void> {
  const slots = run.open(eachSlot(step.slots));
  const others = run.request.view.masters.filter((node) => node.id !== step.owner && run.request.links.has(node.id));
  await Promise.all(others.map((node) => tell(run, run.link(node.id), slots, step.owner)));
}

async function tell(run: FixRun, link: NodeLink, slots: readonly number[], owner: string): Promise<void> {
  try {
    const refused = await setSlots({ ...run.settings, retryMs: 500 }, link, slots, 'NODE', owner, await connectionCountOf(run, link));
    const [first] = refused;
    if (first !== undefined) run.request.onEvent({ kind: 'warning', code: 'NOT_TOLD', message: `${link.name} refused the new owner of ${counted(refused.size, 'slot')}: ${oneLine(first[1].message)}`, slot: first[0] });
  } catch (error) {
    run.rethrowIfAborted(error);
    const text = oneLine(messageOf(error));
    run.request.onEvent({ kind: 'warning', code: 'NOT_TOLD', message: `${link.name} did not get the new owner of ${counted(slots.length, 'slot')} (gossip will propagate it): ${text}` });
  }
}

/** Removes the open marks of the slots from the node. */
export async function closeSlotsOn(run: FixRun, step: FixStepOf<'close-slots'>): Promise<void> {
  await closeOn(run, run.link(step.node), run.open(eachSlot(step.slots)), step.kind);
}

async function closeOn(run: FixRun, link: NodeLink, slots: readonly number[], kind: FixStep['kind']): Promise<void> {
  try {
    const refused = await setSlots(run.settings, link, slots, 'STABLE', '', await connectionCountOf(run, link));
    for (const [slot, error] of refused) run.fail(kind, [slot], error);
  } catch (error) {
    run.rethrowIfAborted(error);
    run.fail(kind, slots, error);
  }
}
