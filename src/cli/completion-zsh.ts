// The completion script for zsh. Pure: data in, text out.
import type { CompletableCommand, CompletableOption, Leading } from './completion.js';

/** Inside single quotes of the script, and inside the brackets of _arguments. */
function quoted(text: string): string {
  return text.replace(/'/g, "'\\''");
}

function described(text: string): string {
  return quoted(text.replace(/[\\[\]:]/g, (character) => `\\${character}`));
}

function valueSpec(option: CompletableOption): string {
  if (option.placeholder === undefined) return '';
  const label = described(option.placeholder);
  if (option.choices.length > 0) return `:${label}:(${option.choices.join(' ')})`;
  return option.file ? `:${label}:_files` : `:${label}: `;
}

/** `*` lets an option be given again. */
function optionSpecs(option: CompletableOption): string[] {
  const value = option.placeholder === undefined ? '' : '=';
  const rest = `[${described(option.summary)}]${valueSpec(option)}`;
  const short = option.short === undefined ? [] : [`'*${option.short}${rest}'`];
  return [`'*${option.flag}${value}${rest}'`, ...short];
}

function branch(command: CompletableCommand): string[] {
  const positional = command.words.length > 0 ? `'1: :(${command.words.join(' ')})'` : `'*: :_message -r "${quoted(command.usage).replace(/"/g, '')}"'`;
  return [`    ${command.name})`, '      _arguments \\', ...command.options.flatMap(optionSpecs).map((spec) => `        ${spec} \\`), `        ${positional}`, '      ;;'];
}

/** Options before the command, and those that are not offered but have a value, which is no command. */
function leadingSpecs({ options, valueWords }: Leading): string[] {
  const offered = new Set(options.flatMap(({ flag, short }) => [flag, short]));
  const hidden = valueWords.filter((word) => !offered.has(word)).map((word) => `'!*${word}${word.startsWith('--') ? '=' : ''}:value: '`);
  return [...options.flatMap(optionSpecs), ...hidden];
}

/** The script; put it into a file `_redis-trib` of a directory in $fpath, or eval it after compinit. `leading`: what may stand before the command. */
export function zshScript(commands: readonly CompletableCommand[], leading: Leading): string {
  return [
    '#compdef redis-trib',
    '# Completion of redis-trib for zsh. Made by: redis-trib completion zsh',
    '# Use it: redis-trib completion zsh > "${fpath[1]}/_redis-trib", or after compinit: source <(redis-trib completion zsh)',
    '_redis_trib() {',
    '  local context state state_descr line curcontext="$curcontext"',
    '  local -A opt_args',
    '  local -a names',
    '  names=(',
    ...commands.map((command) => `    '${command.name}:${quoted(command.summary.replace(/:/g, '\\:'))}'`),
    '  )',
    '  _arguments -C \\',
    ...leadingSpecs(leading).map((spec) => `    ${spec} \\`),
    "    '1: :->command' \\",
    "    '*:: :->rest' && return",
    '  case $state in',
    '  command) _describe command names ;;',
    '  rest)',
    '  case $words[1] in',
    ...commands.flatMap(branch),
    '  esac ;;',
    '  esac',
    '}',
    'if [[ $funcstack[1] == _redis_trib || $funcstack[1] == _redis-trib ]]; then _redis_trib "$@"; else compdef _redis_trib redis-trib; fi',
  ].join('\n');
}
