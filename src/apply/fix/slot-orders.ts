// The steps of a repair that only give orders about slots: yield, claim, tell, close. Each order may be given twice.
// Not here: moving keys (carry-steps.ts).
import { setSlotCommand } from '../../client/admin.js';
import { TribError } from '../../errors.js';
import type { FixStep } from '../../plan/fix/step.js';
import { eachSlot } from '../../plan/step.js';
import { ReplyError } from '../../resp/reply.js';
import type { Reply } from '../../resp/reply.js';
import { retrying } from '../mover/retry.js';
import { setSlots } from '../mover/set-slot.js';
import type { NodeLink } from '../node-link.js';
import type { FixRun } from './fix-run.js';

type Step<K extends FixStep['kind']> = Extract<FixStep, { kind: K }>;

/** Runs commands of many slots as one transaction; returns each slot's replies. Repeated when the connection breaks. */
async function inTransaction(run: FixRun, link: NodeLink, slots: readonly number[], commands: (slot: number) => string[][], last: string[][] = []): Promise<Map<number, Reply[]>> {
  return retrying(run.settings, link, async () => {
    const perSlot = slots.map(commands);
    const connection = await link.connection();
    const orders = [...perSlot.flat(), ...last];
    const replies = await connection.pipeline([['MULTI'], ...orders, ['EXEC']]);
    const end = replies[replies.length - 1];
    // A user who may not say MULTI has had every command carried out on its own, in this order. Valkey with the Raft bus
    // refuses them inside of it (cli 6.7): there each waits until all agree, and they are given one by one.
    const aborted = end instanceof ReplyError && end.code === 'EXECABORT';
    const done = aborted ? await connection.pipeline(orders) : replies[0] instanceof ReplyError ? replies.slice(1, -1) : end;
    if (!Array.isArray(done)) throw replies.find((reply) => reply instanceof ReplyError) ?? new TribError('PROTOCOL', `${link.name} did not run a transaction`);
    let at = 0;
    return new Map(slots.map((slot, index) => [slot, done.slice(at, (at += perSlot[index]?.length ?? 0))]));
  });
}

/**
 * The node stops owning the slots, keeps their keys, and imports them from the owner: so gossip about the owner leaves
 * the keys alone, MIGRATE may be called for them, and a restart keeps all this (cluster-node 3.4.2, 6.2). A refusal stops
 * the whole repair: a newer owner could make this node delete its keys.
 */
export async function yieldSlots(run: FixRun, step: Step<'yield-slots'>): Promise<void> {
  const link = run.link(step.node);
  const { owner } = step;
  // Not told who the new owner is before that one claims the slot: a 7.0 node would note that the slot is anybody's (mover/set-slot.ts).
  const disown = (slot: number): string[][] => (step.disown ? [['CLUSTER', 'DELSLOTS', String(slot)]] : []);
  const replies = await inTransaction(run, link, [...eachSlot(step.slots)], (slot) => [countCommand(slot), setSlotCommand(slot, 'STABLE'), ...disown(slot), setSlotCommand(slot, 'IMPORTING', owner)]);
  for (const [slot, results] of replies) {
    warnOfGoneKeys(run, link, slot, results[0]);
    const refused = results[results.length - 1];
    if (!(refused instanceof ReplyError)) continue;
    throw new TribError('YIELD_FAILED', `Node ${link.name} does not give slot ${slot} up: ${refused.message}`, { hint: 'its keys would be in danger, so fix stopped before any owner was changed: look with check, then run fix again', cause: refused });
  }
}

const countCommand = (slot: number): string[] => ['CLUSTER', 'COUNTKEYSINSLOT', String(slot)];

/** The servers may have settled the slot themselves after fix has looked: the one that loses it deletes its keys of it. */
function warnOfGoneKeys(run: FixRun, link: NodeLink, slot: number, found: Reply | undefined): void {
  const expected = run.request.counts.get(link.id)?.[slot] ?? 0;
  if (expected === 0 || found !== 0) return;
  run.request.onEvent({ kind: 'warning', code: 'KEYS_GONE', slot, message: `the ${expected} keys of slot ${slot} that ${link.name} had are gone since fix has looked: most likely it heard of another owner by gossip, and a server deletes them then; a backup may have them` });
}

/** The node owns the slots and closes them; its epoch goes above all others, so that everybody believes it (cli 2.5 claim). */
export async function claimSlots(run: FixRun, step: Step<'claim-slots'>): Promise<void> {
  const link = run.link(step.node);
  const slots = run.open(eachSlot(step.slots));
  try {
    const replies = await inTransaction(run, link, slots, (slot) => [countCommand(slot), setSlotCommand(slot, 'STABLE'), setSlotCommand(slot, 'NODE', step.node)], [['CLUSTER', 'BUMPEPOCH']]);
    for (const [slot, results] of replies) {
      warnOfGoneKeys(run, link, slot, results[0]);
      const refused = results.find((reply) => reply instanceof ReplyError);
      if (refused instanceof ReplyError) run.fail(step.kind, [slot], new TribError('CLAIM_REFUSED', `Node ${link.name} does not take slot ${slot}: ${refused.message}`, { cause: refused }));
    }
  } catch (error) {
    run.stopIfTold(error);
    run.fail(step.kind, slots, error);
  }
}

/** Tells all other masters who owns the slots. Errors are warnings: gossip tells them too. */
export async function tellOwner(run: FixRun, step: Step<'tell-owner'>): Promise<void> {
  const slots = run.open(eachSlot(step.slots));
  const others = run.request.view.masters.filter((node) => node.id !== step.owner && run.request.links.has(node.id));
  await Promise.all(others.map((node) => tell(run, run.link(node.id), slots, step.owner)));
}

async function tell(run: FixRun, link: NodeLink, slots: readonly number[], owner: string): Promise<void> {
  try {
    const refused = await setSlots({ ...run.settings, retryMs: 500 }, link, slots, 'NODE', owner);
    const [first] = refused;
    if (first !== undefined) run.request.onEvent({ kind: 'warning', code: 'NOT_TOLD', message: `${link.name} refused to be told of ${refused.size} slots: ${first[1].message}`, slot: first[0] });
  } catch (error) {
    run.stopIfTold(error);
    const text = error instanceof Error ? error.message : String(error);
    run.request.onEvent({ kind: 'warning', code: 'NOT_TOLD', message: `${link.name} could not be told of ${slots.length} slots (gossip will): ${text}` });
  }
}

/** The node forgets that the slots are open. */
export async function closeSlotsOn(run: FixRun, step: Step<'close-slots'>): Promise<void> {
  const link = run.link(step.node);
  const slots = run.open(eachSlot(step.slots));
  try {
    const refused = await setSlots(run.settings, link, slots, 'STABLE', '');
    for (const [slot, error] of refused) run.fail(step.kind, [slot], error);
  } catch (error) {
    run.stopIfTold(error);
    run.fail(step.kind, slots, error);
  }
}
