// Builds MIGRATE: the one command that copies keys between servers. Sending, and what its answers mean, is apply/mover's.
import type { Arg, EncodedWords } from '../resp/command.js';
import { encodeWords } from '../resp/command.js';
import { toBinary } from '../resp/reply.js';

/** Credentials of the nodes, in ordinary text. */
export interface NodeCredentials {
  readonly username?: string;
  readonly password?: string;
  /** Where they were written down, for who has to correct them there; without it they are those of the whole cluster. */
  readonly origin?: string;
}

interface MigrateRoute extends NodeCredentials {
  /** Target as the *source* reaches it. */
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

/** The words of `MIGRATE host port "" db timeout [COPY] [REPLACE] [AUTH pw | AUTH2 user pw] KEYS` (cli 2.8). */
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

/** What comes before the keys, encoded: the same for all that go one way. */
export function encodeRoute(route: MigrateRoute): EncodedWords {
  return encodeWords(wordsBeforeKeys(route));
}
