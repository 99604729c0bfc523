// The message of a command that the user interrupted: what is done, and how to continue. Not here: moves of slots
// (apply/mover/safety/incomplete.ts), and printing it (failure.ts).
import { ExitCode, TribError } from '../../errors.js';

/** The error to throw: with exit code 130 and this advice when the signal has fired, else the error unchanged. */
export function interruptedOr(error: unknown, signal: AbortSignal, done: string, hint: string): unknown {
  if (!signal.aborted) return error;
  return new TribError('ABORTED', `Interrupted: ${done}`, { exitCode: ExitCode.interrupted, hint, cause: error });
}
