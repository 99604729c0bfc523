// The completion script for fish. Pure: data in, text out.
import type { CompletableCommand, CompletableOption, Leading } from './completion.js';

/** Quotes text for fish, where only \ and ' are special inside single quotes. */
function quoted(text: string): string {
  return `'${text.replace(/[\\']/g, (character) => `\\${character}`)}'`;
}

const BEFORE = "'not __redis_trib_command'";

const NODES = `-x -a '(__redis_trib_nodes)'`;

function valueWords(option: CompletableOption): string {
  if (option.placeholder === undefined) return '';
  if (option.nodes) return ` ${NODES}`;
  return option.choices.length > 0 ? ` -x -a ${quoted(option.choices.join(' '))}` : option.file ? ' -r -F' : ' -x';
}

function optionLine(condition: string, option: CompletableOption): string {
  const value = valueWords(option);
  const short = option.short === undefined ? '' : ` -s ${option.short.slice(1)}`;
  return `complete -c redis-trib -n ${condition} -l ${option.flag.slice(2)}${short}${value} -d ${quoted(option.summary)}`;
}

/** redis-cli's spelling, offered when this word or the one before begins like it. */
function spelledLine(command: string, option: CompletableOption): string[] {
  if (option.spelled === undefined) return [];
  return [`complete -c redis-trib -n '__redis_trib_command ${command}; and __redis_trib_spelled' -l ${option.spelled.slice(2)}${valueWords(option)} -d ${quoted(option.summary)}`];
}

/** What the scripts request from the programs at completion time. */
const HELPERS = [
  'function __redis_trib_spelled',
  '  string match -q -- "--cl*" (commandline -ct) (commandline -opc | tail -n 1)',
  'end',
  'function __redis_trib_nodes',
  '  set -l tokens (commandline -opc)',
  '  set -l typed (commandline -ct)',
  '  set -l lead (string match -r -- "^.*," $typed; or echo)',
  '  for line in ($tokens[1] __nodes $tokens[2..-1] 2>/dev/null </dev/null)',
  '    printf "%s\\n" $lead$line',
  '  end',
  'end',
  'complete -c redis-trib-server -a "(redis-trib-server --list-parameters 2>/dev/null | string replace -r \'\\t.*\' \'\')" -n "string match -q -- \'-*\' (commandline -ct)"',
];

/**
 * The script; source it, or install it as ~/.config/fish/completions/redis-trib.fish. `leading`: options before the command.
 */
export function fishScript(commands: readonly CompletableCommand[], leading: Leading): string {
  return [
    '# Completion of redis-trib for fish. Made by: redis-trib completion fish',
    '# Use it: redis-trib completion fish > ~/.config/fish/completions/redis-trib.fish',
    '# Succeeds when there is a command on the line, and it is the one given. Fish itself would take the value of an option for the command.',
    'function __redis_trib_command',
    '  set -l tokens (commandline -opc)',
    '  set -e tokens[1]',
    '  set -l value no',
    '  for token in $tokens',
    '    if test $value = yes',
    '      set value no',
    `    else if contains -- $token ${leading.valueWords.join(' ')}`,
    '      set value yes',
    "    else if not string match -q -- '-*' $token",
    '      test (count $argv) -eq 0; or test $token = $argv[1]',
    '      return',
    '    end',
    '  end',
    '  return 1',
    'end',
    ...HELPERS,
    'complete -c redis-trib -f',
    ...leading.options.map((option) => optionLine(BEFORE, option)),
    ...commands.map((command) => `complete -c redis-trib -n ${BEFORE} -a ${command.name} -d ${quoted(command.summary)}`),
    ...commands.flatMap((command) => [
      ...(command.words.length > 0 ? [`complete -c redis-trib -n '__redis_trib_command ${command.name}; and not __fish_seen_subcommand_from ${command.words.join(' ')}' -a ${quoted(command.words.join(' '))}`] : []),
      ...(command.nodes ? [`complete -c redis-trib -n '__redis_trib_command ${command.name}; and not string match -q -- "-*" (commandline -ct)' ${NODES}`] : []),
      ...command.options.map((option) => optionLine(`'__redis_trib_command ${command.name}'`, option)),
      ...command.options.flatMap((option) => spelledLine(command.name, option)),
    ]),
  ].join('\n');
}
