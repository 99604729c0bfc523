// Carries out the steps of a repair plan, kind after kind. What fails for a slot is remembered and its later steps are
// left out; the rest goes on. Killed at any point it leaves what another fix completes. Prints nothing.
import { ExitCode, TribError } from '../../errors.js';
import type { FixStep } from '../../plan/fix/step.js';
import { inRounds } from '../rounds.js';
import { settleEpochs } from '../settle-epochs.js';
import { carrySteps } from './carry-steps.js';
import { FixRun, type FixOutcome, type FixRequest } from './fix-run.js';
import { claimSlots, closeSlotsOn, tellOwner, yieldSlots } from './slot-orders.js';

/** The kinds in their order (plan/fix/step.ts says why). */
const PHASES: readonly FixStep['kind'][] = ['yield-slots', 'claim-slots', 'tell-owner', 'close-slots', 'gather-keys', 'finish-move'];

async function runStep(run: FixRun, step: FixStep): Promise<void> {
  switch (step.kind) {
    case 'yield-slots':
      return yieldSlots(run, step);
    case 'claim-slots':
      return claimSlots(run, step);
    case 'tell-owner':
      return tellOwner(run, step);
    case 'gather-keys':
    case 'finish-move':
      return carrySteps(run, step);
    case 'close-slots':
      return closeSlotsOn(run, step);
  }
}

/** Steps that move keys go in rounds; orders about slots go all at once. */
export function rounds(steps: readonly FixStep[]): FixStep[][] {
  const moves = steps.flatMap((step) => (step.kind === 'gather-keys' || step.kind === 'finish-move' ? [step] : []));
  return moves.length < steps.length ? [[...steps]] : inRounds(moves);
}

/** Milliseconds that masters get to hear of each other's epochs; a ping takes a second or two. */
const EPOCHS_MS = 10_000;

async function together(run: FixRun, steps: readonly FixStep[]): Promise<void> {
  const { view, links, signal } = run.request;
  signal?.throwIfAborted();
  if (steps.some(({ kind }) => kind === 'claim-slots' || kind === 'finish-move')) {
    await settleEpochs(view.masters.flatMap(({ id }) => links.get(id) ?? []), EPOCHS_MS, signal);
  }
  const done = await Promise.allSettled(steps.map((step) => runStep(run, step)));
  const broken = done.find((one) => one.status === 'rejected');
  if (broken !== undefined) throw broken.reason;
}

/**
 * Carries out a repair. What fails is in the outcome. Throws TribError ABORTED (130) when told to stop;
 * YIELD_FAILED or EPOCHS_UNKNOWN when nodes could not be made safe: then nothing that could cost their keys has been done.
 */
export async function applyFix(request: FixRequest): Promise<FixOutcome> {
  const run = new FixRun(request);
  try {
    for (const kind of PHASES) {
      for (const steps of rounds(request.steps.filter((step) => step.kind === kind))) await together(run, steps);
    }
    return run.outcome();
  } catch (error) {
    if (request.signal?.aborted === true || run.stopped) throw interrupted(run);
    throw error;
  } finally {
    await request.file.close();
  }
}

function interrupted(run: FixRun): TribError {
  const { keys, movesFinished } = run;
  return new TribError('ABORTED', `Interrupted: ${keys} keys were moved and ${movesFinished} moves finished; every key is where it was or where it belongs`, {
    exitCode: ExitCode.interrupted,
    hint: 'run the same command again: it goes on from here',
  });
}
