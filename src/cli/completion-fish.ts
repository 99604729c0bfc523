// The completion script for fish. Pure: data in, text out.
import type { CompletableCommand, CompletableOption, Leading } from './completion.js';

/** Inside single quotes of fish, where only \ and ' are special. */
function quoted(text: string): string {
  return `'${text.replace(/[\\']/g, (character) => `\\${character}`)}'`;
}

const BEFORE = "'not __redis_trib_command'";

function optionLine(condition: string, option: CompletableOption): string {
  const value = option.placeholder === undefined ? '' : option.choices.length > 0 ? ` -x -a ${quoted(option.choices.join(' '))}` : option.file ? ' -r -F' : ' -x';
  const short = option.short === undefined ? '' : ` -s ${option.short.slice(1)}`;
  return `complete -c redis-trib -n ${condition} -l ${option.flag.slice(2)}${short}${value} -d ${quoted(option.summary)}`;
}

/** The script; source it, or put it into ~/.config/fish/completions/redis-trib.fish. `leading`: what may stand before the command. */
export function fishScript(commands: readonly CompletableCommand[], leading: Leading): string {
  return [
    '# Completion of redis-trib for fish. Made by: redis-trib completion fish',
    '# Use it: redis-trib completion fish > ~/.config/fish/completions/redis-trib.fish',
    '# Succeeds when there is a command on the line, and it is the one given. Fish takes a value behind an option for one.',
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
    'complete -c redis-trib -f',
    ...leading.options.map((option) => optionLine(BEFORE, option)),
    ...commands.map((command) => `complete -c redis-trib -n ${BEFORE} -a ${command.name} -d ${quoted(command.summary)}`),
    ...commands.flatMap((command) => [
      ...(command.words.length > 0 ? [`complete -c redis-trib -n '__redis_trib_command ${command.name}; and not __fish_seen_subcommand_from ${command.words.join(' ')}' -a ${quoted(command.words.join(' '))}`] : []),
      ...command.options.map((option) => optionLine(`'__redis_trib_command ${command.name}'`, option)),
    ]),
  ].join('\n');
}
