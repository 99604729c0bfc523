// Reads the structure of a command line before commander: which subcommand, in which predecessor's form, with every spelling of
// an option normalised. Pure. Values are parsed in parse.ts.
import { usageError, type Option, type OptionTable } from '../options/options.js';

/** What the command line asks for. */
export type Invocation =
  | { readonly kind: 'help'; readonly topic: string | undefined }
  | { readonly kind: 'version' }
  /** `legacy`: given as `--cluster NAME …`; options are then recognised anywhere, as in redis-cli. */
  | { readonly kind: 'command'; readonly name: string; readonly words: readonly string[]; readonly legacy: boolean };

/** `waitReplicas` → `wait-replicas`. */
export function flagName(key: string): string {
  return key.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
}

/** An option found by one of its spellings. */
interface Found {
  readonly key: string;
  readonly flag: string;
  readonly option: Option<unknown>;
  /** The text after `=`. */
  readonly value: string | undefined;
}

/** Finds options by any of their spellings. */
export class OptionIndex {
  readonly #long = new Map<string, [key: string, option: Option<unknown>]>();
  readonly #short = new Map<string, [key: string, option: Option<unknown>]>();

  constructor(table: OptionTable) {
    for (const [key, option] of Object.entries(table)) {
      for (const name of [flagName(key), ...(option.aliases ?? [])]) this.#long.set(name, [key, option]);
      if (option.short !== undefined) this.#short.set(option.short, [key, option]);
    }
  }

  /** The option of a word such as `--cluster-replicas=1` or `-a`, with its canonical flag and the value after `=`. */
  find(word: string): Found | undefined {
    const match = /^--(?:cluster-)?([a-z0-9][a-z0-9-]*)(?:=(.*))?$/s.exec(word);
    const found = match?.[1] === undefined ? this.#short.get(/^-(.)$/.exec(word)?.[1] ?? '') : this.#long.get(match[1]);
    return found && { key: found[0], flag: `--${flagName(found[0])}`, option: found[1], value: match?.[2] };
  }
}

const HELP = new Set(['-h', '--help']);
const VERSION = new Set(['-V', '--version', 'version']);

/** Finds the subcommand. `shared` distinguishes `-a pw check` from a subcommand called `pw`. Throws usage errors. */
export function readInvocation(argv: readonly string[], shared: OptionIndex): Invocation {
  const legacy = argv.indexOf('--cluster');
  const end = argv.indexOf('--');
  if (legacy >= 0 && (end < 0 || legacy < end) && commandAt(withoutOwn(withoutHost(argv.slice(0, legacy)), shared), shared) === undefined) return readLegacy(argv, legacy);
  const at = commandAt(argv, shared);
  const name = at === undefined ? undefined : argv[at];
  const before = argv.slice(0, at);
  if (before.some((word) => VERSION.has(word)) || name === 'version') return { kind: 'version' };
  if (at === undefined || name === undefined) return bare(argv, shared);
  if (name.toLowerCase() === 'help') return { kind: 'help', topic: argv[at + 1] };
  if (before.some((word) => HELP.has(word))) return { kind: 'help', topic: name };
  return { kind: 'command', name: name.toLowerCase(), words: [...before, ...argv.slice(at + 1)], legacy: false };
}

/** No subcommand: help, or an error about the word in its place. */
function bare(argv: readonly string[], shared: OptionIndex): Invocation {
  const unknown = argv.find((word) => word.startsWith('-') && !HELP.has(word) && shared.find(word) === undefined);
  if (unknown !== undefined && unknown !== '--') throw usageError(`Unrecognized option or bad number of args for: '${unknown}'`, 'redis-trib help lists the commands');
  return { kind: 'help', topic: undefined };
}

/** redis-cli ignores `-h HOST` and `-p PORT` with --cluster; users' aliases and wrappers contain them. */
function withoutHost(argv: readonly string[]): string[] {
  const ignored = (at: number): boolean => /^-[hp]$/.test(argv[at] ?? '') && argv[at + 1]?.startsWith('-') === false;
  return argv.filter((_, at) => !ignored(at) && !(at > 0 && ignored(at - 1)));
}

/** Before --cluster redis-cli accepts options of single subcommands too; their values are not subcommands. */
function withoutOwn(argv: readonly string[], shared: OptionIndex): string[] {
  let own = false;
  return argv.filter((word) => {
    if (word.startsWith('-')) own = word.startsWith('--cluster-') && !word.includes('=') && shared.find(word) === undefined;
    return !own;
  });
}

function readLegacy(argv: readonly string[], at: number): Invocation {
  const name = argv[at + 1];
  if (name === undefined || name.startsWith('-')) throw usageError('--cluster must be followed by the name of a command', 'redis-trib help lists the commands');
  if (argv.indexOf('--cluster', at + 1) >= 0) throw usageError('--cluster was given twice');
  const words = withoutHost([...argv.slice(0, at), ...argv.slice(at + 2)]);
  if (name.toLowerCase() === 'help') return { kind: 'help', topic: words[0] };
  return { kind: 'command', name: name.toLowerCase(), words, legacy: true };
}

/** Index of the first word that is neither an option nor its value. */
function commandAt(argv: readonly string[], shared: OptionIndex): number | undefined {
  for (let at = 0; at < argv.length; at++) {
    const word = argv[at] ?? '';
    if (word === '--') return at + 1 < argv.length ? at + 1 : undefined;
    if (!word.startsWith('-') || word === '-') return at;
    const found = shared.find(word);
    if (found?.option.kind === 'value' && found.value === undefined) at++;
  }
  return undefined;
}

/** A command line in one spelling: canonical flags as `--flag=value`, and the positional words. */
export interface Normalized {
  readonly flags: readonly string[];
  /** Values of the known options by key, in the order given; empty for a flag without a value. */
  readonly given: ReadonlyMap<string, readonly string[]>;
  /** Whether there are unknown options. */
  readonly hasUnknown: boolean;
  readonly words: readonly string[];
  readonly help: boolean;
}

export interface NormalizeRules {
  readonly index: OptionIndex;
  /**
   * After this many positional words the rest is verbatim, except known long options (in redis-cli's form, all known options).
   */
  readonly verbatimAfter?: number | undefined;
  readonly legacy: boolean;
}

/** Separates options from positional words. Unknown options stay among the flags for commander's error. */
export function normalize(argv: readonly string[], rules: NormalizeRules): Normalized {
  const flags: string[] = [];
  const given = new Map<string, readonly string[]>();
  const words: string[] = [];
  let help = false;
  let hasUnknown = false;
  for (let at = 0; at < argv.length; at++) {
    const word = argv[at] ?? '';
    if (word === '--') {
      words.push(...argv.slice(at + 1));
      break;
    }
    const verbatim = words.length >= (rules.verbatimAfter ?? Infinity);
    const found = verbatim && !rules.legacy && !word.startsWith('--') ? undefined : rules.index.find(word);
    if (found !== undefined) {
      const values = optionValues(argv, at, found);
      given.set(found.key, [...(given.get(found.key) ?? []), ...values]);
      flags.push(...(found.option.kind === 'flag' ? [found.flag] : values.map((value) => `${found.flag}=${value}`)));
      at += found.value === undefined ? values.length : values.length - 1;
    } else if (!verbatim && HELP.has(word)) help = true;
    else if (isWord(word, verbatim, rules.legacy)) words.push(word);
    else {
      flags.push(word);
      hasUnknown = true;
    }
  }
  return { flags, given, hasUnknown, words, help };
}

/**
 * In redis-cli's form options may follow the words; an unknown long option there is more likely a typing error than an
 * argument.
 */
function isWord(word: string, verbatim: boolean, legacy: boolean): boolean {
  return !word.startsWith('-') || word === '-' || (verbatim && !(legacy && word.startsWith('--')));
}

/** The values of an option at this place: none, one, or several (Option.continues). Throws usage errors. */
function optionValues(argv: readonly string[], at: number, { flag, option, value }: Found): string[] {
  if (option.kind === 'flag') {
    if (value !== undefined) throw usageError(`${flag} takes no value`);
    return [];
  }
  if (value !== undefined) return [value];
  const next = argv[at + 1];
  if (next === undefined) throw usageError(`${flag} needs a value`, `write it as ${flag} ${option.placeholder ?? 'VALUE'}`);
  const values = [next];
  for (let more = argv[at + 2]; option.continues !== undefined && more !== undefined && option.continues.test(more); more = argv[at + 1 + values.length]) values.push(more);
  return values;
}
