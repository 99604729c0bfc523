// The completion script for bash. Pure: data in, text out.
import type { CompletableCommand, CompletableOption, Leading } from './completion.js';

function flagsOf(option: CompletableOption): string[] {
  return [option.flag, ...(option.short === undefined ? [] : [option.short])];
}

/** One `case` branch for each different kind of value an option of the command takes. */
function valueBranches(command: Pick<CompletableCommand, 'name' | 'options'>): string[] {
  const branches = command.options
    .filter((option) => option.placeholder !== undefined)
    .map((option) => {
      const pattern = flagsOf(option).map((flag) => `'${command.name} ${flag}'`).join('|');
      if (option.choices.length > 0) return `    ${pattern}) COMPREPLY=($(compgen -P "$split" -W '${option.choices.join(' ')}' -- "$cur")); return ;;`;
      if (option.file) return `    ${pattern}) compopt -o filenames 2>/dev/null; COMPREPLY=($(compgen -P "$split" -f -- "$cur")); return ;;`;
      return `    ${pattern}) return ;;`;
    });
  return branches;
}

/** The script; source it, or put it where bash-completion finds it. `leading`: what may stand before the command. */
export function bashScript(commands: readonly CompletableCommand[], leading: Leading): string {
  const names = commands.map((command) => command.name);
  const offered = new Set(leading.options.flatMap(flagsOf));
  const hidden = leading.valueWords.filter((word) => !offered.has(word));
  return [
    '# Completion of redis-trib for bash. Made by: redis-trib completion bash',
    '# Use it: source <(redis-trib completion bash)',
    '_redis_trib() {',
    '  local cur="${COMP_WORDS[COMP_CWORD]}" prev="${COMP_WORDS[COMP_CWORD-1]}" command="" words="" options="" split="" i',
    '  COMPREPLY=()',
    '  # bash splits --flag=value into three words, unless COMP_WORDBREAKS says otherwise.',
    '  if [[ $cur == "=" ]]; then cur=""; elif [[ $prev == "=" ]]; then prev="${COMP_WORDS[COMP_CWORD-2]}"',
    '  elif [[ $cur == --*=* ]]; then split="${cur%%=*}="; prev="${cur%%=*}"; cur="${cur#*=}"; fi',
    '  for ((i = 1; i < COMP_CWORD; i++)); do',
    '    case "${COMP_WORDS[i]}" in',
    `      ${leading.valueWords.join('|')}) if [[ \${COMP_WORDS[i+1]} == "=" ]]; then i=$((i + 1)); fi; i=$((i + 1)) ;;`,
    `      ${names.join('|')}) command="\${COMP_WORDS[i]}"; break ;;`,
    '    esac',
    '  done',
    '  case "$command $prev" in',
    ...[{ name: '', options: leading.options }, ...commands].flatMap(valueBranches),
    `    ${hidden.map((word) => `' ${word}'`).join('|')}) return ;;`,
    '  esac',
    '  case "$command" in',
    `    '') words='${names.join(' ')}'; options='${leading.options.map((option) => option.flag).join(' ')}' ;;`,
    ...commands.map((command) => `    ${command.name}) words='${command.words.join(' ')}'; options='${command.options.map((option) => option.flag).join(' ')}' ;;`),
    '  esac',
    '  if [[ -n $split ]]; then return; fi',
    '  if [[ $cur == -* ]]; then words="$options"; fi',
    '  COMPREPLY=($(compgen -W "$words" -- "$cur"))',
    '}',
    'complete -F _redis_trib redis-trib',
  ].join('\n');
}
