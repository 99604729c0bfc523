// Errors of a move that stopped early: what was moved, why it stopped, what to do next. Not here: the command that resumes it
// (cli/output/run-moves.ts).
import { counted } from '../../../cluster/counted.js';
import { ExitCode, TribError, messageOf } from '../../../errors.js';
import type { ApplyStats } from '../../node/event.js';
import type { SlotFailure } from '../pacing/options.js';
import { MoveIncomplete } from '../pacing/options.js';

const RERUN = 'run fix to complete or close open slots (some keys may be on both nodes), or the same plan again to continue';

const WHOLE = 'every slot is completely on one node; run the same plan again to continue';

const DONE = 'every slot of the plan has moved; nothing is left to do';

/** No slot is open: each failed slot still belongs to its source. */
function allWhole(failures: readonly SlotFailure[]): boolean {
  return failures.every(({ untouched }) => untouched === true);
}

/** The user stopped it; `total` slots were to be moved. `sure`: every open slot is among the failures. */
export function interrupted(stats: ApplyStats, failures: readonly SlotFailure[], total: number, sure = true): MoveIncomplete {
  const message = `Interrupted: ${stats.slots} of ${counted(total, 'slot', ['was', 'were'])} moved, with ${counted(stats.keys, 'key')}`;
  const hint = stats.slots >= total ? DONE : sure && allWhole(failures) ? WHOLE : RERUN;
  return new MoveIncomplete('ABORTED', message, stats, failures, { hint, exitCode: ExitCode.interrupted });
}

/** The move could not continue because of `cause`. `whole`: no slot can be open. */
export function failed(stats: ApplyStats, failures: readonly SlotFailure[], cause: unknown, whole = failures.length > 0 && allWhole(failures)): MoveIncomplete {
  const text = messageOf(cause);
  const slots = failures.length > 1 ? ` (and ${counted(failures.length - 1, 'more slot')})` : '';
  const rest = whole ? WHOLE : RERUN;
  const hint = cause instanceof TribError && cause.hint !== undefined ? `${cause.hint}; ${rest}` : rest;
  const code = cause instanceof TribError && cause.code === 'REPLICAS_BEHIND' ? cause.code : 'MOVE_FAILED';
  return new MoveIncomplete(code, `${text}${slots}`, stats, failures, { hint, exitCode: ExitCode.failed, cause });
}
