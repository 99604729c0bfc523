// The completable parts of a command line, collected from the list of subcommands as data. bash.ts, zsh.ts and fish.ts generate
// scripts from it. Pure except for loading the commands.
import { flagName } from '../program/argv.js';
import type { CommandEntry } from '../program/define.js';
import type { Option, OptionTable } from '../options/options.js';
import { allOptions } from '../program/parse.js';
import { connectionOptions, lineOptions, mutationOptions, stdinOptions, terminalOptions } from '../options/shared-options.js';

/** Options whose value is a node, recognised by the placeholder in help. */
export const NODE_PLACEHOLDER = /^(NODES?|IDS?)$/;

export interface CompletableOption {
  /** `--output` */
  readonly flag: string;
  /** `-o` */
  readonly short: string | undefined;
  readonly summary: string;
  /** Undefined for a flag without a value. */
  readonly placeholder: string | undefined;
  /** The permitted values; empty when any. */
  readonly choices: readonly string[];
  /** The value is a file or directory name. */
  readonly file: boolean;
  /** The value names nodes. */
  readonly nodes: boolean;
  /** Spelling in redis-cli's form, `--cluster-replicas`; undefined for options of all commands. */
  readonly spelled: string | undefined;
}

export interface CompletableCommand {
  readonly name: string;
  readonly summary: string;
  /** The positional words as in help. */
  readonly usage: string;
  /** Permitted values of the first positional word. */
  readonly words: readonly string[];
  /** The positional words are nodes. */
  readonly nodes: boolean;
  readonly options: readonly CompletableOption[];
}

/** `up|start|stop [PORT]` → the three words: only lower-case words are literal. */
function literalWords(text: string): string[] {
  const match = /^[a-z][a-z-]*(?:\.[a-z]+)?(?:\|[a-z][a-z-]*(?:\.[a-z]+)?)+/.exec(text);
  return match === null ? [] : match[0].split('|');
}

function completable([key, option]: [string, Option<unknown>], own: OptionTable = {}): CompletableOption {
  const placeholder = option.kind === 'value' ? (option.placeholder ?? 'VALUE') : undefined;
  return {
    flag: `--${flagName(key)}`,
    short: option.short === undefined ? undefined : `-${option.short}`,
    summary: option.summary,
    placeholder,
    choices: literalWords(placeholder ?? ''),
    file: /^(FILE|DIR|PATH)$/.test(placeholder ?? ''),
    nodes: NODE_PLACEHOLDER.test(placeholder ?? ''),
    spelled: key in own ? `--cluster-${flagName(key)}` : undefined,
  };
}

const HELP: CompletableOption = { flag: '--help', short: '-h', summary: 'how to use it', placeholder: undefined, choices: [], file: false, nodes: false, spelled: undefined };
const VERSION: CompletableOption = { ...HELP, flag: '--version', short: '-V', summary: 'the version' };
const CLUSTER: CompletableOption = { ...HELP, flag: '--cluster', short: undefined, summary: 'redis-cli\'s form: --cluster COMMAND' };

/** The options that may stand before the subcommand (program.ts). */
export interface Leading {
  readonly options: readonly CompletableOption[];
  /**
   * Every spelling of every option that takes a value, including short forms, aliases and hidden options. The word after such
   * an option is its value, not the subcommand.
   */
  readonly valueWords: readonly string[];
}

export function leadingOptions(): Leading {
  const all: [string, Option<unknown>][] = Object.entries({ ...terminalOptions, ...lineOptions, ...connectionOptions, ...mutationOptions, ...stdinOptions });
  const spellings = ([key, { aliases = [], short }]: [string, Option<unknown>]): string[] => [...[flagName(key), ...aliases].map((name) => `--${name}`), ...(short === undefined ? [] : [`-${short}`])];
  return {
    options: [CLUSTER, HELP, VERSION, ...all.filter(([, option]) => option.hidden !== true).map((entry) => completable(entry))],
    valueWords: all.filter(([, option]) => option.kind === 'value').flatMap(spellings),
  };
}

/** Everything that can be completed, in the order of the list; `help` takes all names. */
export async function completableCommands(entries: readonly CommandEntry[]): Promise<CompletableCommand[]> {
  const commands = await Promise.all(
    entries.map(async ({ name, summary, load }): Promise<CompletableCommand> => {
      const { default: command } = await load();
      const options = Object.entries(allOptions(command)).filter(([, option]) => option.hidden !== true);
      const own = { ...command.options, ...(command.mutates ? mutationOptions : {}) };
      const words = command.actions ?? literalWords(command.usage);
      const nodes = command.connects && words.length === 0;
      return { name, summary, usage: command.usage, words, nodes, options: [...options.map((option) => completable(option, own)), HELP] };
    }),
  );
  return [...commands, { name: 'help', summary: 'Show the help of one command', usage: 'COMMAND', words: [...entries.map((entry) => entry.name), 'environment'], nodes: false, options: [] }];
}
