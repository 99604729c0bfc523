// What a command says when the user cut its steps short: what is done, and how to go on. Not here: moves of slots, which know
// themselves (apply/mover/incomplete.ts), and how it reaches the user (failure.ts).
import { ExitCode, TribError } from '../errors.js';

/** The error to throw: one with exit code 130 and this advice when the signal has fired, else the error as it is. */
export function interruptedOr(error: unknown, signal: AbortSignal, done: string, hint: string): unknown {
  if (!signal.aborted) return error;
  return new TribError('ABORTED', `Interrupted: ${done}`, { exitCode: ExitCode.interrupted, hint, cause: error });
}
