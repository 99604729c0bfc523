// How an error reaches the user: `error: … / cause: … / try: …` on stderr, or a JSON document. Decides the exit code.
import { ExitCode, TribError } from '../errors.js';
import type { Io } from '../ui/io.js';
import { JSON_SCHEMA } from './define.js';

export interface Failure {
  readonly code: string;
  readonly message: string;
  readonly cause: string | undefined;
  readonly hint: string | undefined;
  readonly exitCode: number;
}

function textOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** The cause's text, when it says anything that the message does not. */
function causeText(error: TribError): string | undefined {
  const { cause } = error;
  if (cause === undefined) return undefined;
  const inner = cause instanceof AggregateError ? cause.errors.map(textOf).join('; ') : textOf(cause);
  return inner === '' || error.message.includes(inner) ? undefined : inner;
}

/** What to tell about an error. An aborted run counts as interrupted whatever the operation in flight said. */
export function describeFailure(error: unknown, signal: AbortSignal): Failure {
  const reason: unknown = signal.aborted ? signal.reason : undefined;
  if (reason instanceof TribError && !(error instanceof TribError && error.exitCode === ExitCode.failed)) {
    // A command that stopped cleanly says what it did and how to go on; the bare abort of a connection says nothing.
    const known = error instanceof TribError && error.hint !== undefined && error.exitCode === ExitCode.interrupted ? error : reason;
    return { code: 'INTERRUPTED', message: known.message, cause: undefined, hint: known.hint, exitCode: reason.exitCode };
  }
  if (error instanceof TribError) return { code: error.code, message: error.message, cause: causeText(error), hint: error.hint, exitCode: error.exitCode };
  // By name: this file is loaded at every start, the client only when needed.
  if (error instanceof Error && error.name === 'ReplyError') return { code: textOf(error).split(' ', 1)[0] ?? 'ERR', message: textOf(error), cause: undefined, hint: undefined, exitCode: ExitCode.failed };
  return { code: 'INTERNAL', message: textOf(error), cause: undefined, hint: 'this is a fault of redis-trib: run again with --debug and report what it prints', exitCode: ExitCode.failed };
}

/** The predecessors' own complaints stay as scripts know them when piped; a person gets them without their marks. */
function headline(io: Io, message: string): string {
  const marked = /^(\[ERR\]|\*\*\*) /.test(message);
  if (marked && io.mode === 'plain') return message;
  return `${io.errStyle.bad('error:')} ${message.replace(/^(\[ERR\] |\*\*\* (ERROR: )?)/gm, '')}`;
}

/** Prints a failure; the most important line last, as it is the one read first. */
export function reportFailure(io: Io, failure: Failure, error: unknown, debug: boolean): void {
  if (debug && error instanceof Error && error.stack !== undefined) io.error(io.errStyle.faint(error.stack));
  if (io.mode === 'json') {
    const { code, message, cause, hint } = failure;
    io.out(JSON.stringify({ schema: JSON_SCHEMA, error: { code, message, ...(cause === undefined ? {} : { cause }), ...(hint === undefined ? {} : { hint }) } }, null, 2));
    return;
  }
  io.error(headline(io, failure.message));
  if (failure.cause !== undefined) io.error(`${io.errStyle.faint('cause:')} ${failure.cause}`);
  if (failure.hint !== undefined) io.error(`${io.errStyle.accent('try:')} ${failure.hint}`);
}
