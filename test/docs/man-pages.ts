// The manual pages man/redis-trib.1 and man/redis-trib-server.1, made from the tables that help is made from. Pure but for
// loading the commands. Written by write-pages.ts, compared with the files by pages.test.ts.
import { environmentVariables } from '../../src/cli/program/environment.js';
import { flagName } from '../../src/cli/program/argv.js';
import type { CommandEntry } from '../../src/cli/program/define.js';
import type { OptionTable } from '../../src/cli/options/options.js';
import { connectionOptions, lineOptions, mutationOptions, terminalOptions } from '../../src/cli/options/shared-options.js';
import type { Parameter } from '../../src/server/config/parameter.js';
import { optionMeaning } from './reference-pages.js';

/** A text as roff takes it: no character of it is a request or an escape. */
function roff(text: string): string {
  return text.replaceAll('\\', '\\e').replaceAll('-', '\\-').replace(/^([.'])/gm, '\\&$1').replace(/[^\p{ASCII}]/gu, (character) => `\\[u${(character.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, '0')}]`);
}

const bold = (text: string): string => `\\fB${roff(text)}\\fR`;
const italic = (text: string): string => `\\fI${roff(text)}\\fR`;

/** A term and what it means. */
function item(term: string, meaning: string): string[] {
  return ['.TP', term, roff(meaning)];
}

function optionItems(table: OptionTable): string[] {
  return Object.entries(table)
    .filter(([, option]) => option.hidden !== true)
    .flatMap(([key, option]) => {
      const spellings = [...(option.short === undefined ? [] : [`-${option.short}`]), `--${flagName(key)}`].map(bold).join(', ');
      const value = option.kind === 'flag' ? '' : ` ${italic(option.placeholder ?? 'VALUE')}`;
      return item(spellings + value, optionMeaning(option));
    });
}

async function commandSection({ name, summary, load }: CommandEntry): Promise<string[]> {
  const { default: command } = await load();
  return [
    `.SS "${roff(`${name} ${command.usage}`.trim())}"`,
    `${roff(summary)}.`,
    ...(command.description === undefined ? [] : ['.PP', ...command.description.split('\n').flatMap((line) => (line === '' ? ['.PP'] : [roff(line), '.br']))]),
    ...optionItems(command.options),
    ...(command.examples.length === 0 ? [] : ['.PP', 'Examples:', '.nf', ...command.examples.map((example) => `    ${roff(example)}`), '.fi']),
  ];
}

const EXIT_CODES: readonly (readonly [string, string])[] = [
  ['0', 'all is well'],
  ['1', 'it failed, or the cluster is not healthy'],
  ['2', 'wrong usage'],
  ['3', 'unreachable or refused'],
  ['4', 'declined'],
  ['130', 'interrupted'],
];

function heading(name: string, version: string): string {
  return `.TH ${roff(name.toUpperCase())} 1 "" "redis\\-trib ${version}" "User Commands"`;
}

/** The page of redis-trib. */
export async function redisTribPage(entries: readonly CommandEntry[], version: string): Promise<string> {
  const { read, given } = await environmentVariables(entries);
  const sections = await Promise.all(entries.map(commandSection));
  const lines = [
    '.\\" Made by npm run docs:pages',
    heading('redis-trib', version),
    '.SH NAME',
    'redis\\-trib \\- create, check, reshard and watch Redis and Valkey clusters',
    '.SH SYNOPSIS',
    `${bold('redis-trib')} ${italic('COMMAND')} [options] ${italic('HOST:PORT')} ...`,
    '.br',
    `${bold('redis-trib --cluster')} ${italic('COMMAND')} ${italic('HOST:PORT')} ... [${bold('--cluster-options')}]`,
    '.SH COMMANDS',
    ...sections.flat(),
    '.SH OPTIONS OF ALL COMMANDS',
    ...optionItems({ ...terminalOptions, ...lineOptions }),
    '.SH OPTIONS OF COMMANDS THAT CONNECT',
    ...optionItems(connectionOptions),
    '.SH OPTIONS OF COMMANDS THAT CHANGE SOMETHING',
    ...optionItems(mutationOptions),
    '.SH ENVIRONMENT',
    ...read.flatMap(({ name, meaning }) => item(bold(name), meaning)),
    '.PP',
    'Set for the command of rolling \\-\\-exec:',
    ...given.flatMap(({ name, meaning }) => item(bold(name), meaning)),
    '.SH FILES',
    ...item(bold('./.redis-trib.json'), 'settings of a folder; asked about once'),
    ...item(bold('~/.config/redis-trib/config.json'), 'settings of the user'),
    '.SH EXIT STATUS',
    ...EXIT_CODES.flatMap(([code, meaning]) => item(bold(code), meaning)),
    '.SH SEE ALSO',
    `${bold('redis-trib-server')}(1), redis\\-cli(1)`,
  ];
  return `${lines.join('\n')}\n`;
}

/** Parameters of one kind, with their defaults. */
function parameterItems(parameters: readonly Parameter[]): string[] {
  // The default of `dir` is the folder that the page is made in.
  const shown = (initial: string): string => (initial === '' ? 'empty' : initial === process.cwd() ? 'the current folder' : initial);
  return parameters.flatMap(({ name, default: initial, alias }) => item(bold(`--${name}`), `default ${shown(initial)}${alias === null ? '' : `; also ${alias}`}`));
}

/** The page of redis-trib-server. `help`: what it prints for --help. */
export function serverPage(parameters: readonly Parameter[], help: string, version: string): string {
  const shown = parameters.filter(({ hidden }) => !hidden);
  const lines = [
    '.\\" Made by npm run docs:pages',
    heading('redis-trib-server', version),
    '.SH NAME',
    'redis\\-trib\\-server \\- cluster node compatible with Redis 7.0, for development and tests',
    '.SH SYNOPSIS',
    '.nf',
    ...help.split('\n').map(roff),
    '.fi',
    '.SH PARAMETERS',
    'Each is a line of redis.conf and an option.',
    ...parameterItems(shown.filter(({ effective }) => effective)),
    '.SH PARAMETERS WITHOUT EFFECT',
    'Accepted, kept and shown, as configuration files have them.',
    ...parameterItems(shown.filter(({ effective }) => !effective)),
    '.SH SEE ALSO',
    `${bold('redis-trib')}(1), redis\\-server(1)`,
  ];
  return `${lines.join('\n')}\n`;
}
