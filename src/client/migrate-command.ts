// Builds MIGRATE: the one command that copies keys between servers. Sending, and what its answers mean, is apply/mover's.
import type { Arg } from '../resp/command.js';
import { toBinary } from '../resp/reply.js';

/** Credentials of the nodes, in ordinary text. */
export interface NodeCredentials {
  readonly username?: string;
  readonly password?: string;
}

export interface MigrateOptions extends NodeCredentials {
  /** Target as the *source* reaches it. */
  readonly host: string;
  readonly port: number;
  readonly keys: readonly string[];
  /** Milliseconds of each socket operation on the source; the server turns 0 into 1000. */
  readonly timeoutMs: number;
  readonly replace?: boolean;
  readonly copy?: boolean;
  readonly db?: number;
}

/** The words of `MIGRATE host port "" db timeout [COPY] [REPLACE] [AUTH pw | AUTH2 user pw] KEYS k…` (cli 2.8). */
export function migrateCommand(options: MigrateOptions): Arg[] {
  const words: Arg[] = ['MIGRATE', options.host, options.port, '', options.db ?? 0, options.timeoutMs];
  if (options.copy === true) words.push('COPY');
  if (options.replace === true) words.push('REPLACE');
  if (options.password !== undefined) {
    if (options.username === undefined) words.push('AUTH', toBinary(options.password));
    else words.push('AUTH2', toBinary(options.username), toBinary(options.password));
  }
  words.push('KEYS', ...options.keys);
  return words;
}
