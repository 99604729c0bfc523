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
      if (option.nodes) return `    ${pattern}) _redis_trib_nodes; return ;;`;
      if (option.file) return `    ${pattern}) compopt -o filenames 2>/dev/null; COMPREPLY=($(compgen -P "$split" -f -- "$cur")); return ;;`;
      return `    ${pattern}) return ;;`;
    });
  return branches;
}

/**
 * Offers nodes of the cluster on the line. The program gets the line as typed: bash splits words at colons in COMP_WORDS, and
 * expects candidates without the text before the last colon.
 */
const NODES = [
  '_redis_trib_nodes() {',
  '  local line="${COMP_LINE:0:$COMP_POINT}" typed="" lead="" head="" typed_words=() nodes IFS',
  '  read -ra typed_words <<<"$line"',
  '  if [[ $line != *[[:space:]] ]]; then typed="${typed_words[${#typed_words[@]}-1]}"; unset "typed_words[${#typed_words[@]}-1]"; fi',
  '  if [[ $typed == --*=* ]]; then typed_words+=("${typed%%=*}"); typed="${typed#*=}"; fi',
  '  if [[ $typed == *,* ]]; then lead="${typed%,*},"; typed="${typed##*,}"; fi',
  '  nodes="$("${typed_words[0]}" __nodes "${typed_words[@]:1}" 2>/dev/null </dev/null | cut -f1)"',
  "  IFS=$'\\n'",
  '  COMPREPLY=($(compgen -P "$split$lead" -W "$nodes" -- "$typed"))',
  '  if [[ $COMP_WORDBREAKS == *:* && $lead$typed == *:* ]]; then head="$lead$typed"; head="${head%:*}:"; COMPREPLY=("${COMPREPLY[@]#"$head"}"); fi',
  '}',
];

/** redis-trib-server prints its own parameters. */
const SERVER = [
  '_redis_trib_server() {',
  '  local cur="${COMP_WORDS[COMP_CWORD]}" prev="${COMP_WORDS[COMP_CWORD-1]}" parameters IFS',
  '  COMPREPLY=()',
  '  if [[ $cur != -* && $prev != --* ]]; then compopt -o filenames 2>/dev/null; COMPREPLY=($(compgen -f -- "$cur")); return; fi',
  '  parameters="$("${COMP_WORDS[0]}" --list-parameters 2>/dev/null </dev/null)"',
  "  if [[ $cur == -* ]]; then COMPREPLY=($(compgen -W \"$(cut -f1 <<<\"$parameters\") --help --version\" -- \"$cur\")); return; fi",
  '  COMPREPLY=($(compgen -W "$(grep -- "^$prev$(printf \'\\t\')" <<<"$parameters" | cut -f2)" -- "$cur"))',
  '}',
  'complete -F _redis_trib_server redis-trib-server',
];

/** The script; source it, or install it for bash-completion. `leading`: options before the command. */
export function bashScript(commands: readonly CompletableCommand[], leading: Leading): string {
  const names = commands.map((command) => command.name);
  const offered = new Set(leading.options.flatMap(flagsOf));
  const hidden = leading.valueWords.filter((word) => !offered.has(word));
  return [
    '# Completion of redis-trib for bash. Made by: redis-trib completion bash',
    '# Use it: source <(redis-trib completion bash)',
    ...NODES,
    '_redis_trib() {',
    '  local cur="${COMP_WORDS[COMP_CWORD]}" prev="${COMP_WORDS[COMP_CWORD-1]}" command="" words="" options="" spelled="" nodes="" split="" i',
    '  COMPREPLY=()',
    '  # bash splits --flag=value into three words, unless COMP_WORDBREAKS says otherwise.',
    '  if [[ $cur == "=" ]]; then cur=""; elif [[ $prev == "=" ]]; then prev="${COMP_WORDS[COMP_CWORD-2]}"',
    '  elif [[ $cur == --*=* ]]; then split="${cur%%=*}="; prev="${cur%%=*}"; cur="${cur#*=}"; fi',
    '  # Each option of a command has the spelling of redis-cli too.',
    '  if [[ $prev == --cluster-* ]]; then prev="--${prev#--cluster-}"; fi',
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
    ...commands.map((command) => `    ${command.name}) words='${command.words.join(' ')}'; options='${command.options.map((option) => option.flag).join(' ')}'; spelled='${command.options.flatMap((option) => option.spelled ?? []).join(' ')}'${command.nodes ? '; nodes=yes' : ''} ;;`),
    '  esac',
    '  if [[ -n $split ]]; then return; fi',
    '  if [[ $cur == --cl* && -n $command ]]; then options="$options $spelled"; fi',
    '  if [[ $cur == -* ]]; then words="$options"; elif [[ -n $nodes && -n $COMP_LINE ]]; then _redis_trib_nodes; return; fi',
    '  COMPREPLY=($(compgen -W "$words" -- "$cur"))',
    '}',
    'complete -F _redis_trib redis-trib',
    ...SERVER,
  ].join('\n');
}
