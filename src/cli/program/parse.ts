// One subcommand's words → option values. commander prints help, and errors with suggestions; a valid line does not load it.
// Not here: which subcommand (argv.ts), running it (program.ts).
import type { Command as Parser, Option as ParserOption } from 'commander';
import type { Style } from '../../ui/style.js';
import type { Environment } from '../../ui/terminal.js';
import { flagName, normalize, OptionIndex } from './argv.js';
import { settingOf, type ConfigSettings } from '../config/config.js';
import type { Subcommand } from './define.js';
import { examplesText } from './help.js';
import { usageError, type Option, type OptionTable } from '../options/options.js';
import { connectionOptions, ignoredOptions, lineOptions, mutationOptions, quickConnectionOptions, terminalOptions } from '../options/shared-options.js';
import type { Typed } from './resume-flags.js';

/**
 * Options that a read-only command accepts and ignores, because it asks no questions. Not accepted among verbatim words,
 * except in redis-cli's form, which accepts them anywhere.
 */
function ignoredBy({ mutates, connects, verbatimAfter }: Subcommand, legacy: boolean): OptionTable {
  return connects && !mutates && (legacy || verbatimAfter === undefined) ? ignoredOptions : {};
}

/** Options by their heading in help. */
function optionGroups(command: Subcommand, legacy: boolean): readonly (readonly [title: string, table: OptionTable])[] {
  return [
    ['Options:', { ...command.options, ...(command.mutates ? mutationOptions : ignoredBy(command, legacy)) }],
    ...(command.connects ? ([['Connection:', command.quick ? quickConnectionOptions : connectionOptions]] as const) : []),
    ['Output:', command.connects ? { ...terminalOptions, ...lineOptions } : terminalOptions],
  ];
}

/** All options a command understands: its own and the shared ones. */
export function allOptions(command: Subcommand, legacy = false): OptionTable {
  return Object.assign({}, ...optionGroups(command, legacy).map(([, table]) => table)) as OptionTable;
}

export interface ParsedLine {
  readonly words: readonly string[];
  readonly values: Readonly<Record<string, unknown>>;
  /** Options that were on the command line, not in environment or config. */
  readonly typed: Typed;
}

/** `help` instead of values when the line requested it. */
export type ParseResult = { readonly help: string } | ParsedLine;

export interface ParseInput {
  readonly name: string;
  readonly summary: string;
  readonly command: Subcommand;
  readonly argv: readonly string[];
  readonly legacy: boolean;
  readonly env: Environment;
  readonly config: ConfigSettings;
  readonly style: Style;
}

async function buildParser(input: ParseInput): Promise<Parser> {
  const { Command, Option: CommanderOption } = await import('commander');
  const { command } = input;
  const parser = new Command(`redis-trib ${input.name}`)
    .usage(`[options] ${command.usage}`.trimEnd())
    .description([input.summary, command.description].filter((part) => part !== undefined).join('\n\n'))
    .argument('[words...]')
    .addHelpOption(new CommanderOption('-h, --help', 'this text').helpGroup('Output:'))
    .exitOverride()
    .configureOutput({ writeOut: () => undefined, writeErr: () => undefined, outputError: () => undefined })
    .configureHelp({ visibleArguments: () => [], styleTitle: (title) => input.style.strong(title), minWidthToWrap: 24 })
    .addHelpText('after', command.examples.length > 0 ? examplesText(command, input.style) : '');
  for (const [title, table] of optionGroups(command, input.legacy)) {
    for (const [key, option] of Object.entries(table)) parser.addOption(commanderOption(CommanderOption, key, option).helpGroup(title));
  }
  return parser;
}

/** The environment variables of an option that its summary does not mention. */
export function unmentionedVariables({ env = [], lastEnv = [], summary }: Option<unknown>): string[] {
  return [...env, ...lastEnv].filter((name) => !summary.includes(name));
}

/** The default of a number, for display; undefined when the summary has words for it. */
export function unmentionedDefault({ fallback, summary }: Option<unknown>): number | undefined {
  return typeof fallback === 'number' && !/default/.test(summary) ? fallback : undefined;
}

/** The summary, with the environment variables that it does not mention. */
function described(option: Option<unknown>): string {
  const names = unmentionedVariables(option);
  return names.length === 0 ? option.summary : `${option.summary} (env: ${names.join(', ')})`;
}

function commanderOption(Constructor: typeof ParserOption, key: string, option: Option<unknown>): ParserOption {
  const short = option.short === undefined ? '' : `-${option.short}, `;
  const value = option.kind === 'flag' ? '' : ` <${option.placeholder ?? 'value'}>`;
  const made = new Constructor(`${short}--${flagName(key)}${value}`, described(option)).hideHelp(option.hidden === true);
  // For display only; valueOf parses the values.
  const fallback = unmentionedDefault(option);
  if (fallback !== undefined) made.default(fallback);
  // commander would read `--no-color` as "color: false"; here it is a plain name.
  made.negate = false;
  made.attributeName = () => key;
  return made;
}

function helpText(parser: Parser): string {
  let text = '';
  parser.configureOutput({ writeOut: (chunk) => (text += chunk) });
  parser.outputHelp();
  return text.trimEnd();
}

function valueOf(key: string, option: Option<unknown>, typed: readonly string[] | undefined, input: ParseInput): unknown {
  if (typed !== undefined) return option.kind === 'flag' ? true : option.parse(typed, `--${flagName(key)}`);
  const setting = settingOf(option, input.env, input.config);
  return setting === undefined ? option.fallback : option.parse([setting.text], setting.name);
}

/** Lets commander report the error, with its suggestion. */
async function reportWithCommander(input: ParseInput, flags: readonly string[]): Promise<never> {
  const parser = await buildParser(input);
  try {
    parser.parse(flags, { from: 'user' });
  } catch (error) {
    throw usageError(error instanceof Error ? error.message.replace(/^error: /, '') : String(error), `redis-trib help ${input.name}`);
  }
  // commander would read `-qy` as `-q -y`; the predecessors do not.
  throw usageError('give short options separately, with their values apart: -q -y, -t 5', `redis-trib help ${input.name}`);
}

/** Parses one line of one subcommand. Throws usage errors (exit 2), with a suggestion for a misspelt option. */
export async function parseLine(input: ParseInput): Promise<ParseResult> {
  const table = allOptions(input.command, input.legacy);
  const { flags, given, hasUnknown, words, help } = normalize(input.argv, { index: new OptionIndex(table), verbatimAfter: input.command.verbatimAfter, legacy: input.legacy });
  if (help) return { help: helpText(await buildParser(input)) };
  if (hasUnknown) await reportWithCommander(input, flags);
  const values = Object.fromEntries(Object.entries(table).map(([key, option]) => [key, valueOf(key, option, given.get(key), input)]));
  return { words, values, typed: given };
}
