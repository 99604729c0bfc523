// All environment variables that are read, from the option tables and from the list here: the text of `help environment` and of
// the manual page. Not here: reading them (config.ts, connection-settings.ts, terminal.ts).
import type { Style } from '../../ui/style.js';
import { flagName } from './argv.js';
import type { CommandEntry } from './define.js';
import type { Option, OptionTable } from '../options/options.js';
import { allOptions } from './parse.js';
import { connectionOptions, lineOptions, mutationOptions, terminalOptions } from '../options/shared-options.js';

export interface EnvironmentVariable {
  readonly name: string;
  readonly meaning: string;
}

/** Variables that belong to no option: terminals and folders. */
const OTHERS: readonly EnvironmentVariable[] = [
  { name: 'REDIS_TRIB_SEED', meaning: 'HOST:PORT of the cluster, for commands without one' },
  { name: 'NO_COLOR, FORCE_COLOR, CLICOLOR_FORCE, TERM', meaning: 'whether output is coloured (no-color.org, force-color.org)' },
  { name: 'LC_ALL, LC_CTYPE, LANG', meaning: 'a locale that is not UTF-8 (LANG=C) restricts symbols to ASCII' },
  { name: 'CI', meaning: 'no progress animation' },
  { name: 'XDG_CONFIG_HOME, HOME', meaning: 'folder of redis-trib/config.json (default ~/.config)' },
];

/** Variables set for the command of `rolling --exec`. */
const GIVEN: readonly EnvironmentVariable[] = [{ name: 'REDIS_TRIB_NODE_HOST, REDIS_TRIB_NODE_PORT, REDIS_TRIB_NODE_ID, REDIS_TRIB_NODE_ROLE', meaning: 'the node of the command' }];

/** All variables of an option, in order of precedence. */
export function variablesOf({ env = [], lastEnv = [] }: Option<unknown>): readonly string[] {
  return [...env, ...lastEnv];
}

function fromTable(table: OptionTable, command?: string): EnvironmentVariable[] {
  return Object.entries(table).flatMap(([key, option]) =>
    variablesOf(option).map((name) => ({ name, meaning: `--${flagName(key)}${command === undefined ? '' : ` of ${command}`}: ${option.summary}` })),
  );
}

/**
 * `read`: variables that redis-trib reads, those of shared options first. `given`: variables that it sets for the command of
 * rolling --exec.
 */
export async function environmentVariables(entries: readonly CommandEntry[]): Promise<{ readonly read: readonly EnvironmentVariable[]; readonly given: readonly EnvironmentVariable[] }> {
  const shared = fromTable({ ...terminalOptions, ...lineOptions, ...connectionOptions, ...mutationOptions });
  const known = new Set(shared.map(({ name }) => name));
  const own = await Promise.all(entries.map(async ({ name, load }) => fromTable(allOptions((await load()).default), name)));
  return { read: [...shared, ...own.flat().filter(({ name }) => !known.has(name)), ...OTHERS], given: GIVEN };
}

/** What `help environment` prints. */
export async function environmentText(entries: readonly CommandEntry[], style: Style): Promise<string> {
  const { read, given } = await environmentVariables(entries);
  const lines = (variables: readonly EnvironmentVariable[]): string[] => variables.flatMap(({ name, meaning }) => [`  ${style.accent(name)}`, `      ${meaning}`]);
  return [
    'A flag on the command line takes precedence over the environment, the environment over ./.redis-trib.json, and that over the',
    "user's redis-trib/config.json. An empty variable counts as unset; 1, true and yes turn a flag on.",
    '',
    style.strong('Read:'),
    ...lines(read),
    '',
    style.strong('Set for the command of rolling --exec:'),
    ...lines(given),
  ].join('\n');
}
