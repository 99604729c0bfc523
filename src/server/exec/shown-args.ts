// The words of a request as MONITOR and SLOWLOG show them. Each command's table entry marks its secret words; redis-server's
// function is redactClientCommandArgument.
import type { CommandOf } from './command-of.js';

const REDACTED = '(redacted)';

/** The words of a request with its secrets replaced. */
export function shownArgs(command: CommandOf, args: readonly string[]): readonly string[] {
  const secret = command.spec.secrets?.(args) ?? [];
  if (secret.length === 0) return args;
  const shown = [...args];
  for (const at of secret) shown[at] = REDACTED;
  return shown;
}

/** The positions from `first` to the end. */
export const allFrom = (args: readonly string[], first: number): number[] => args.map((_, i) => i).slice(first);
