// The error type shown to users: what happened, why, what to do next, and the exit code.

/**
 * Exit codes: 0 ok, 1 failed or unhealthy, 2 usage, 3 unreachable or refused, 4 declined by the user, 130 interrupted.
 */
export const ExitCode = { ok: 0, failed: 1, usage: 2, unreachable: 3, declined: 4, interrupted: 130 } as const;

export interface TribErrorDetails {
  /** What the user can do about it: a command, a flag, a setting. */
  readonly hint?: string;
  /** Process exit code, one of ExitCode; 1 when absent. */
  readonly exitCode?: number;
  readonly cause?: unknown;
}

/** An expected failure. `code` is a stable upper-case word for programs. */
export class TribError extends Error {
  readonly hint: string | undefined;
  readonly exitCode: number;

  constructor(
    readonly code: string,
    message: string,
    details: TribErrorDetails = {},
  ) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause });
    this.name = 'TribError';
    this.hint = details.hint;
    this.exitCode = details.exitCode ?? ExitCode.failed;
  }
}

/** The text of anything that was thrown. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
