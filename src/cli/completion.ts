// What can be completed on a command line, gathered from the list of subcommands as data. The scripts of the shells are made
// of it in completion-bash.ts, completion-zsh.ts and completion-fish.ts. Pure but for loading the commands.
import { flagName } from './argv.js';
import type { CommandEntry } from './define.js';
import type { Option } from './options.js';
import { allOptions } from './parse.js';
import { connectionOptions, lineOptions, mutationOptions, stdinOptions, terminalOptions } from './shared-options.js';

export interface CompletableOption {
  /** `--output` */
  readonly flag: string;
  /** `-o` */
  readonly short: string | undefined;
  readonly summary: string;
  /** Undefined for a flag that takes no value. */
  readonly placeholder: string | undefined;
  /** The words the value may be; empty when any. */
  readonly choices: readonly string[];
  /** The value is the name of a file or directory. */
  readonly file: boolean;
}

export interface CompletableCommand {
  readonly name: string;
  readonly summary: string;
  /** As help shows the positional words. */
  readonly usage: string;
  /** Words the first positional may be. */
  readonly words: readonly string[];
  readonly options: readonly CompletableOption[];
}

/** `up|start|stop [PORT]` → the three words: only lower-case ones are meant literally. */
function literalWords(text: string): string[] {
  const match = /^[a-z][a-z-]*(?:\.[a-z]+)?(?:\|[a-z][a-z-]*(?:\.[a-z]+)?)+/.exec(text);
  return match === null ? [] : match[0].split('|');
}

function completable([key, option]: [string, Option<unknown>]): CompletableOption {
  const placeholder = option.kind === 'value' ? (option.placeholder ?? 'VALUE') : undefined;
  return {
    flag: `--${flagName(key)}`,
    short: option.short === undefined ? undefined : `-${option.short}`,
    summary: option.summary,
    placeholder,
    choices: literalWords(placeholder ?? ''),
    file: /^(FILE|DIR|PATH)$/.test(placeholder ?? ''),
  };
}

const HELP: CompletableOption = { flag: '--help', short: '-h', summary: 'how to use it', placeholder: undefined, choices: [], file: false };
const VERSION: CompletableOption = { ...HELP, flag: '--version', short: '-V', summary: 'the version' };
const CLUSTER: CompletableOption = { ...HELP, flag: '--cluster', short: undefined, summary: 'redis-cli\'s form: --cluster COMMAND' };

/** What may stand before the subcommand (program.ts). */
export interface Leading {
  readonly options: readonly CompletableOption[];
  /** All words whose next word is a value and no subcommand: `--output`, `-o`, other spellings and hidden options too. */
  readonly valueWords: readonly string[];
}

export function leadingOptions(): Leading {
  const all: [string, Option<unknown>][] = Object.entries({ ...terminalOptions, ...lineOptions, ...connectionOptions, ...mutationOptions, ...stdinOptions });
  const spellings = ([key, { aliases = [], short }]: [string, Option<unknown>]): string[] => [...[flagName(key), ...aliases].map((name) => `--${name}`), ...(short === undefined ? [] : [`-${short}`])];
  return {
    options: [CLUSTER, HELP, VERSION, ...all.filter(([, option]) => option.hidden !== true).map(completable)],
    valueWords: all.filter(([, option]) => option.kind === 'value').flatMap(spellings),
  };
}

/** Everything that can be completed, in the order of the list; `help` with the names of all. */
export async function completableCommands(entries: readonly CommandEntry[]): Promise<CompletableCommand[]> {
  const commands = await Promise.all(
    entries.map(async ({ name, summary, load }): Promise<CompletableCommand> => {
      const { default: command } = await load();
      const options = Object.entries(allOptions(command)).filter(([, option]) => option.hidden !== true);
      return { name, summary, usage: command.usage, words: literalWords(command.usage), options: [...options.map(completable), HELP] };
    }),
  );
  return [...commands, { name: 'help', summary: 'Tell all about one command', usage: 'COMMAND', words: entries.map((entry) => entry.name), options: [] }];
}
