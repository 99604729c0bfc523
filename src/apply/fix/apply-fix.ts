// Carries out the steps of a repair plan, kind by kind. A slot whose step fails is skipped in later steps; the other slots
// continue. A killed run leaves a state that another fix completes. Prints nothing.
import { counted } from '../../cluster/counted.js';
import { ExitCode, TribError } from '../../errors.js';
import type { FixStep } from '../../plan/fix/step.js';
import { inRounds } from '../mover/plan/rounds.js';
import { evictingNodes } from '../cluster/evicting-nodes.js';
import { warnOfEvicted } from '../cluster/evicting-targets.js';
import { EPOCHS_MS, settleEpochs } from '../cluster/settle-epochs.js';
import { moveKeys } from './key-moves.js';
import { FixRun, type FixOutcome, type FixRequest } from './fix-run.js';
import { refuseMissingDatabases } from './missing-databases.js';
import { claimSlots, closeSlotsOn, settleMarks, tellOwner, yieldSlots } from './slot-commands.js';

/** The kinds in execution order (the reasons are in plan/fix/step.ts). */
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
      return moveKeys(run, step);
    case 'close-slots':
      return closeSlotsOn(run, step);
  }
}

/** Steps that move keys run in rounds; steps that only send slot commands run together. */
export function rounds(steps: readonly FixStep[]): FixStep[][] {
  const moves = steps.flatMap((step) => (step.kind === 'gather-keys' || step.kind === 'finish-move' ? [step] : []));
  return moves.length < steps.length ? [[...steps]] : inRounds(moves);
}

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
 * Carries out a repair. The outcome lists the steps that failed. Throws TribError ABORTED (130) on abort.
 * Throws YIELD_FAILED (a node refuses to give up a slot), EPOCHS_UNKNOWN (a master does not learn another's config epoch) or
 * NO_DATABASE (the user may not select a database); then no step that could lose keys has run.
 */
export async function applyFix(request: FixRequest): Promise<FixOutcome> {
  const run = new FixRun(request);
  try {
    await refuseMissingDatabases(run);
    const evicting = await evictingNodes(request, request.steps.flatMap((step) => ('target' in step ? [step.target] : [])));
    await settleMarks(run);
    for (const kind of PHASES) {
      for (const steps of rounds(request.steps.filter((step) => step.kind === kind))) await together(run, steps);
    }
    run.evicted = await warnOfEvicted(request, evicting, request.onEvent);
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
  return new TribError('ABORTED', `Interrupted: ${counted(keys, 'key', ['was', 'were'])} moved and ${counted(movesFinished, 'move')} completed; every key is on its old or its new node`, {
    exitCode: ExitCode.interrupted,
    hint: 'run the same command again to continue',
  });
}
