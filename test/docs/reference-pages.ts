// docs/commands.md and docs/server-commands.md, made from the lists that the programs work with. Pure but for loading the
// subcommands. Written by write-pages.ts, compared with the files by pages.test.ts.
import { flagName } from '../../src/cli/program/argv.js';
import type { CommandEntry } from '../../src/cli/program/define.js';
import type { Option, OptionTable } from '../../src/cli/options/options.js';
import { connectionOptions, lineOptions, mutationOptions, terminalOptions } from '../../src/cli/options/shared-options.js';
import { unmentionedDefault, unmentionedVariables } from '../../src/cli/program/parse.js';
import { missingCommands } from '../../src/server/commands/missing-commands.js';
import type { Parameter } from '../../src/server/config/parameter.js';
import type { Command } from '../../src/server/exec/command.js';

const escaped = (text: string): string => text.replaceAll('<', '&lt;');
const cell = (text: string): string => escaped(text).replaceAll('|', '\\|').replaceAll('\n', ' ');
const row = (...cells: readonly string[]): string => `| ${cells.join(' | ')} |`;

/** The summary of an option, with its default and environment variables as in help. */
export function optionMeaning(option: Option<unknown>): string {
  const fallback = unmentionedDefault(option);
  const variables = unmentionedVariables(option);
  return option.summary + (fallback === undefined ? '' : ` (default ${fallback})`) + (variables.length === 0 ? '' : ` (${variables.join(', ')})`);
}

function optionRows(table: OptionTable): string[] {
  const shown = Object.entries(table).filter(([, option]) => option.hidden !== true);
  if (shown.length === 0) return [];
  return [
    '',
    row('option', 'meaning'),
    row('---', '---'),
    ...shown.map(([key, option]) => {
      const spellings = [...(option.short === undefined ? [] : [`-${option.short}`]), `--${flagName(key)}`].map((spelling) => `\`${spelling}\``).join(', ');
      const value = option.kind === 'flag' ? '' : ` ${option.placeholder ?? 'VALUE'}`;
      return row(cell(spellings + value), cell(optionMeaning(option)));
    }),
  ];
}

/** A description as paragraphs; a list of words and their meanings keeps its columns in a code block. */
function descriptionBlocks(text: string): string[] {
  const lines = text.split('\n').filter((line) => line !== '');
  const isListed = (line: string): boolean => /^\S+ {2,}\S/.test(line);
  const listed = lines.filter(isListed);
  return [...lines.filter((line) => !isListed(line)).flatMap((line) => ['', escaped(line)]), ...(listed.length === 0 ? [] : ['', '```', ...listed, '```'])];
}

async function commandSection({ name, summary, load }: CommandEntry): Promise<string[]> {
  const { default: command } = await load();
  return [
    '',
    `## ${name}`,
    '',
    `${summary}.`,
    '',
    '```',
    `redis-trib ${`${name} ${command.usage}`.trim()}`,
    '```',
    ...(command.description === undefined ? [] : descriptionBlocks(command.description)),
    ...(command.mutates ? ['', 'Has `--yes` and `--dry-run`.'] : []),
    ...optionRows(command.options),
    ...(command.examples.length === 0 ? [] : ['', '```', ...command.examples, '```']),
  ];
}

/** docs/commands.md: each subcommand with its options and examples. */
export async function commandsPage(entries: readonly CommandEntry[]): Promise<string> {
  const sections = await Promise.all(entries.map(commandSection));
  const lines = [
    '# Subcommands',
    '',
    'Made by `npm run docs:pages` from the list in `commands/index.ts`; do not edit. Every option also has its predecessors\' spelling (`--cluster-…`).',
    '',
    row('subcommand', 'what it does'),
    row('---', '---'),
    ...entries.map(({ name, summary }) => row(`[${name}](#${name})`, cell(summary))),
    ...sections.flat(),
    '',
    '## Options of all subcommands',
    ...optionRows({ ...terminalOptions, ...lineOptions }),
    '',
    '## Options of subcommands that connect',
    ...optionRows(connectionOptions),
    '',
    '## Options of subcommands that change something',
    ...optionRows(mutationOptions),
  ];
  return `${lines.join('\n')}\n`;
}

function commandRow(command: Command): string {
  const { spec, fullName } = command;
  const subcommands = spec.subcommands?.map(({ name }) => name.toLowerCase()).sort().join(', ') ?? '';
  return row(`\`${fullName}\``, cell(spec.summary), subcommands === '' ? '' : cell(subcommands));
}

/** docs/server-commands.md: what the bundled node has, what it accepts without effect, what it lacks. */
export function serverCommandsPage(commands: readonly Command[], parameters: readonly Parameter[]): string {
  const groups = [...new Set(commands.map(({ spec }) => spec.group))].sort();
  const visible = parameters.filter(({ hidden }) => !hidden);
  const lines = [
    '# Commands of the bundled node',
    '',
    'Made by `npm run docs:pages` from the command table; do not edit.',
    '',
    `It has ${commands.length} of the top-level commands of Redis 7.0. Each was compared with redis-server 7.0.15 by the tests in \`test/parity\`.`,
    ...groups.flatMap((group) => [
      '',
      `## ${group}`,
      '',
      row('command', 'what it does', 'subcommands'),
      row('---', '---', '---'),
      ...commands.filter(({ spec }) => spec.group === group).sort((a, b) => (a.fullName < b.fullName ? -1 : 1)).map(commandRow),
    ]),
    '',
    '## Not supported yet',
    '',
    'These answer `ERR … is not supported by the bundled node yet`.',
    '',
    missingCommands.map((name) => `\`${name.replace('|', ' ')}\``).join(', '),
    '',
    '## Parameters without effect',
    '',
    'Accepted in redis.conf and by CONFIG SET, kept and shown, but nothing reads them.',
    '',
    visible.filter(({ effective }) => !effective).map(({ name }) => `\`${name}\``).join(', '),
  ];
  return `${lines.join('\n')}\n`;
}
