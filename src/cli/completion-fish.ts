// The completion script for fish. Pure: data in, text out.
import type { CompletableCommand, CompletableOption } from './completion.js';

/** Inside single quotes of fish, where only \ and ' are special. */
function quoted(text: string): string {
  return `'${text.replace(/[\\']/g, (character) => `\\${character}`)}'`;
}

function optionLine(condition: string, option: CompletableOption): string {
  const value = option.placeholder === undefined ? '' : option.choices.length > 0 ? ` -x -a ${quoted(option.choices.join(' '))}` : option.file ? ' -r -F' : ' -x';
  const short = option.short === undefined ? '' : ` -s ${option.short.slice(1)}`;
  return `complete -c redis-trib -n ${condition} -l ${option.flag.slice(2)}${short}${value} -d ${quoted(option.summary)}`;
}

/** The script; source it, or put it into ~/.config/fish/completions/redis-trib.fish. `leading`: options that may stand before the command. */
export function fishScript(commands: readonly CompletableCommand[], leading: readonly CompletableOption[]): string {
  return [
    '# Completion of redis-trib for fish. Made by: redis-trib completion fish',
    '# Use it: redis-trib completion fish > ~/.config/fish/completions/redis-trib.fish',
    'complete -c redis-trib -f',
    "complete -c redis-trib -n __fish_use_subcommand -l help -s h -d 'how to use it'",
    "complete -c redis-trib -n __fish_use_subcommand -l version -s V -d 'the version'",
    ...leading.map((option) => optionLine('__fish_use_subcommand', option)),
    ...commands.map((command) => `complete -c redis-trib -n __fish_use_subcommand -a ${command.name} -d ${quoted(command.summary)}`),
    ...commands.flatMap((command) => [
      ...(command.words.length > 0 ? [`complete -c redis-trib -n '__fish_seen_subcommand_from ${command.name}; and not __fish_seen_subcommand_from ${command.words.join(' ')}' -a ${quoted(command.words.join(' '))}`] : []),
      ...command.options.map((option) => optionLine(`'__fish_seen_subcommand_from ${command.name}'`, option)),
    ]),
  ].join('\n');
}
