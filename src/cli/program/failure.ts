// Reports an error to the user: `error: … / cause: … / try: …` on stderr, or a JSON document. Decides the exit code.
import { replyFailure } from '../../client/connection-errors.js';
import { ExitCode, TribError, messageOf } from '../../errors.js';
import { ReplyError } from '../../resp/reply.js';
import type { Io } from '../../ui/io.js';
import { jsonDocument } from './schema.js';

export interface FailureText {
  readonly code: string;
  readonly message: string;
  readonly cause: string | undefined;
  readonly hint: string | undefined;
  readonly exitCode: number;
}

/** The cause's text, when it adds to the message. */
function causeText(error: TribError): string | undefined {
  const { cause } = error;
  if (cause === undefined) return undefined;
  const inner = cause instanceof AggregateError ? cause.errors.map(messageOf).join('; ') : messageOf(cause);
  return inner === '' || error.message.includes(inner) ? undefined : inner;
}

/** What the operating system refused, such as EIO of a file. */
function systemFailure(error: unknown): FailureText | undefined {
  if (!(error instanceof Error && 'syscall' in error && 'code' in error && typeof error.code === 'string')) return undefined;
  return { code: 'SYSTEM_ERROR', message: `The operating system refused a request of this process: ${error.message}`, cause: undefined, hint: 'check the file, device or limit concerned, then run the command again', exitCode: ExitCode.failed };
}

/** The report of an error. An aborted run counts as interrupted, whatever error the pending operation raised. */
export function describeFailure(error: unknown, signal: AbortSignal): FailureText {
  const reason: unknown = signal.aborted ? signal.reason : undefined;
  if (reason instanceof TribError && !(error instanceof TribError && error.exitCode === ExitCode.failed)) {
    // A command that stopped cleanly has its own text; the text of an aborted connection would not help the user.
    const known = error instanceof TribError && error.hint !== undefined && error.exitCode === ExitCode.interrupted ? error : reason;
    return { code: 'INTERRUPTED', message: known.message, cause: undefined, hint: known.hint, exitCode: reason.exitCode };
  }
  if (error instanceof TribError) return { code: error.code, message: error.message, cause: causeText(error), hint: error.hint, exitCode: error.exitCode };
  if (error instanceof ReplyError) return describeFailure(replyFailure(error), signal);
  const refused = systemFailure(error);
  if (refused !== undefined) return refused;
  return { code: 'INTERNAL', message: messageOf(error), cause: undefined, hint: 'this is a bug of redis-trib: run it again with --debug and report its output', exitCode: ExitCode.failed };
}

/** The predecessors' messages stay byte for byte when piped; a terminal gets them without the `[ERR]` marks. */
function headline(io: Io, message: string): string {
  const marked = /^(\[ERR\]|\*\*\*) /.test(message);
  if (marked && io.mode === 'plain') return message;
  return `${io.errStyle.bad('error:')} ${message.replace(/^(\[ERR\] |\*\*\* (ERROR: )?)/gm, '')}`;
}

/** Prints a failure, the most important line last. */
export function reportFailure(io: Io, failure: FailureText, error: unknown, debug: boolean): void {
  if (debug && error instanceof Error && error.stack !== undefined) io.error(io.errStyle.faint(error.stack));
  if (io.mode === 'json') {
    const { code, message, cause, hint } = failure;
    io.out(JSON.stringify(jsonDocument({ error: { code, message, ...(cause === undefined ? {} : { cause }), ...(hint === undefined ? {} : { hint }) } }), null, 2));
    return;
  }
  io.error(headline(io, failure.message));
  if (failure.cause !== undefined) io.error(`${io.errStyle.faint('cause:')} ${failure.cause}`);
  if (failure.hint !== undefined) io.error(`${io.errStyle.accent('try:')} ${failure.hint}`);
}
