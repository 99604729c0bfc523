// Builds MIGRATE. Sending it and handling its replies is in apply/mover.
import type { Arg, EncodedWords } from '../resp/command.js';
import { encodeWords } from '../resp/command.js';
import { toBinary } from '../resp/reply.js';

/** Credentials of nodes, as text. */
export interface NodeCredentials {
  readonly username?: string;
  readonly password?: string;
  /** Where they are configured, for hints; absent for those of the whole cluster. */
  readonly origin?: string;
}

interface MigrateRoute extends NodeCredentials {
  /** The target as seen from the source. */
  readonly host: string;
  readonly port: number;
  /** Milliseconds of each socket operation on the source; the server turns 0 into 1000. */
  readonly timeoutMs: number;
  readonly replace?: boolean;
  readonly copy?: boolean;
  readonly db?: number;
}

export interface MigrateOptions extends MigrateRoute {
  readonly keys: readonly string[];
}

/** The words of `MIGRATE host port "" db timeout [COPY] [REPLACE] [AUTH pw | AUTH2 user pw] KEYS` (cli.md 2.8). */
function wordsBeforeKeys(route: MigrateRoute): Arg[] {
  const words: Arg[] = ['MIGRATE', route.host, route.port, '', route.db ?? 0, route.timeoutMs];
  if (route.copy === true) words.push('COPY');
  if (route.replace === true) words.push('REPLACE');
  if (route.password !== undefined) {
    if (route.username === undefined) words.push('AUTH', toBinary(route.password));
    else words.push('AUTH2', toBinary(route.username), toBinary(route.password));
  }
  words.push('KEYS');
  return words;
}

/** The words of a MIGRATE. */
export function migrateCommand(options: MigrateOptions): Arg[] {
  return [...wordsBeforeKeys(options), ...options.keys];
}

/** The encoded words before the keys: equal for all calls with one route. */
export function encodeRoute(route: MigrateRoute): EncodedWords {
  return encodeWords(wordsBeforeKeys(route));
}
