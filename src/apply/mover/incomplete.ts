// How a move tells that it ended before its time: what was moved, why it stopped, what to do next. Not here: the command that
// goes on (cli/run-moves.ts).
import { ExitCode, TribError } from '../../errors.js';
import type { ApplyStats } from '../event.js';
import type { SlotFailure } from './options.js';
import { MoveIncomplete } from './options.js';

const RERUN = 'fix closes what is open; the same command again goes on';

const WHOLE = 'no slot is half moved; the same command again goes on';

/** The user stopped it: `total` slots were to be moved. `whole`: none can be open. */
export function interrupted(stats: ApplyStats, failures: readonly SlotFailure[], total: number, whole = false): MoveIncomplete {
  const message = `Interrupted: ${stats.slots} of ${total} slots were moved, with ${stats.keys} keys`;
  return new MoveIncomplete('ABORTED', message, stats, failures, { hint: whole ? WHOLE : RERUN, exitCode: ExitCode.interrupted });
}

/** It could not go on because of `cause`. `whole`: no slot can be open. */
export function failed(stats: ApplyStats, failures: readonly SlotFailure[], cause: unknown, whole = false): MoveIncomplete {
  const text = cause instanceof Error ? cause.message : String(cause);
  const slots = failures.length > 1 ? ` (and ${failures.length - 1} more slots)` : '';
  const rest = whole ? WHOLE : RERUN;
  const hint = cause instanceof TribError && cause.hint !== undefined ? `${cause.hint}; ${rest}` : rest;
  const code = cause instanceof TribError && cause.code === 'REPLICAS_BEHIND' ? cause.code : 'MOVE_FAILED';
  return new MoveIncomplete(code, `${text}${slots}`, stats, failures, { hint, exitCode: ExitCode.failed, cause });
}
