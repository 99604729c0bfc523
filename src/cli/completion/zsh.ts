// The completion script for zsh. Pure: data in, text out.
import type { CompletableCommand, CompletableOption, Leading } from './completion.js';

/** Quotes text for single quotes of the script and for the brackets of _arguments. */
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
  if (option.nodes) return `:${label}:_redis_trib_nodes`;
  return option.file ? `:${label}:_files` : `:${label}: `;
}

/** `*` permits repeating an option. */
function optionSpecs(option: CompletableOption): string[] {
  const value = option.placeholder === undefined ? '' : '=';
  const rest = `[${described(option.summary)}]${valueSpec(option)}`;
  const short = option.short === undefined ? [] : [`'*${option.short}${rest}'`];
  return [`'*${option.flag}${value}${rest}'`, ...short];
}

/** redis-cli's spelling: always understood, offered when the word begins like it ($hide is `!` elsewhere). */
function spelledSpec(option: CompletableOption): string[] {
  if (option.spelled === undefined) return [];
  return [`$hide'*${option.spelled}${option.placeholder === undefined ? '' : '='}[${described(option.summary)}]${valueSpec(option)}'`];
}

function branch(command: CompletableCommand): string[] {
  const positional = command.words.length > 0 ? `'1: :(${command.words.join(' ')})'` : command.nodes ? "'*: :_redis_trib_nodes'" : `'*: :_message -r "${quoted(command.usage).replace(/"/g, '')}"'`;
  return [`    ${command.name})`, '      _arguments \\', ...command.options.flatMap((option) => [...optionSpecs(option), ...spelledSpec(option)]).map((spec) => `        ${spec} \\`), `        ${positional}`, '      ;;'];
}

/** Options before the command, and hidden options with a value, whose next word is not a command. */
function leadingSpecs({ options, valueWords }: Leading): string[] {
  const offered = new Set(options.flatMap(({ flag, short }) => [flag, short]));
  const hidden = valueWords.filter((word) => !offered.has(word)).map((word) => `'!*${word}${word.startsWith('--') ? '=' : ''}:value: '`);
  return [...options.flatMap(optionSpecs), ...hidden];
}

/** Offers nodes of the cluster on the line, also after a comma, and the parameters that redis-trib-server prints. */
const HELPERS = [
  '_redis_trib_nodes() {',
  '  local -a found',
  '  found=(${${(f)"$("${redis_trib_line[@]}" 2>/dev/null </dev/null)"}%%$\'\\t\'*})',
  "  compset -P '*,'",
  '  compadd -a found',
  '}',
  '_redis_trib_server() {',
  '  local -a found',
  '  local line',
  '  found=(${(f)"$("${(Q)words[1]}" --list-parameters 2>/dev/null </dev/null)"})',
  '  if [[ $PREFIX == -* ]]; then compadd -- ${found%%$\'\\t\'*} --help --version; return; fi',
  '  line="${found[(r)${words[CURRENT-1]}$\'\\t\'*]}"',
  '  if [[ -n $line ]]; then compadd -- ${=line##*$\'\\t\'}; else _files; fi',
  '}',
];

/**
 * The script; install it as `_redis-trib` in a directory of $fpath, or eval it after compinit. `leading`: options before the
 * command.
 */
export function zshScript(commands: readonly CompletableCommand[], leading: Leading): string {
  return [
    '#compdef redis-trib redis-trib-server',
    '# Completion of redis-trib for zsh. Made by: redis-trib completion zsh',
    '# Use it: redis-trib completion zsh > "${fpath[1]}/_redis-trib", or after compinit: source <(redis-trib completion zsh)',
    ...HELPERS,
    '_redis_trib() {',
    '  if [[ $service == redis-trib-server ]]; then _redis_trib_server; return; fi',
    '  local -a redis_trib_line',
    '  redis_trib_line=("${(@Q)words[1]}" __nodes "${(@Q)words[2,CURRENT-1]}")',
    "  local hide='!'",
    "  if [[ $PREFIX == --cl* ]]; then hide=''; fi",
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
    'if [[ $funcstack[1] == _redis_trib || $funcstack[1] == _redis-trib ]]; then _redis_trib "$@"; else compdef _redis_trib redis-trib redis-trib-server; fi',
  ].join('\n');
}
