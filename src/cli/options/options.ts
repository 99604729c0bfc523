// What an option of a subcommand is, and constructors of the usual kinds. Parses single values; which options exist is in
// shared-options.ts and in the commands.
import { ExitCode, TribError } from '../../errors.js';

/** One long option. Both predecessors' spellings (`--replicas`, `--cluster-replicas`) are accepted for every option. */
export interface Option<T> {
  readonly kind: 'flag' | 'value';
  readonly summary: string;
  /** Placeholder in help, for kind 'value'. */
  readonly placeholder?: string;
  /** One letter, without the dash. */
  readonly short?: string;
  /** Other long names, without dashes. */
  readonly aliases?: readonly string[];
  /** May be repeated; `parse` then gets all values. */
  readonly repeatable?: boolean;
  /** A matching word continues the value just read: redis-cli's `--cluster-weight id=1 id=2`. */
  readonly continues?: RegExp;
  /** Environment variables that set it; the first takes precedence. */
  readonly env?: readonly string[];
  /**
   * Variables with the lowest precedence, read where the value is built (connection-settings.ts); the first takes precedence.
   */
  readonly lastEnv?: readonly string[];
  /** Name in the config files. */
  readonly config?: string;
  /** Not listed in help. */
  readonly hidden?: boolean;
  /** Converts the typed text. Throws TribError with exit code 2. */
  parse(texts: readonly string[], flag: string): T;
  readonly fallback: T;
}

export type OptionTable = Readonly<Record<string, Option<unknown>>>;

/** The values a command gets for its options. */
export type OptionValues<O extends OptionTable> = { readonly [K in keyof O]: O[K] extends Option<infer T> ? T : never };

/** Properties that every constructor accepts. */
export type OptionExtras = Pick<Partial<Option<unknown>>, 'short' | 'aliases' | 'env' | 'lastEnv' | 'config' | 'hidden'>;

/** An invalid command line: exit code 2. */
export function usageError(message: string, hint?: string): TribError {
  return new TribError('USAGE', message, { exitCode: ExitCode.usage, ...(hint === undefined ? {} : { hint }) });
}

function last(texts: readonly string[]): string {
  return texts[texts.length - 1] ?? '';
}

/** On or off. In the environment and in config files `1`, `true`, `yes` turn it on, or the words in `accept`. */
export function flag(summary: string, extras: OptionExtras & { readonly accept?: readonly string[] } = {}): Option<boolean> {
  const on = extras.accept ?? ['1', 'true', 'yes'];
  return { kind: 'flag', summary, ...extras, fallback: false, parse: (texts) => texts.length > 0 && on.includes(last(texts)) };
}

/** A text, or undefined when absent. */
export function text(placeholder: string, summary: string, extras: OptionExtras = {}): Option<string | undefined> {
  return { kind: 'value', placeholder, summary, ...extras, fallback: undefined, parse: last };
}

/** The name of an output file, or undefined when absent. `-` is refused: stdout carries the result. */
export function outputFile(summary: string, extras: OptionExtras = {}): Option<string | undefined> {
  const parse = (texts: readonly string[], name: string): string => {
    const file = last(texts);
    if (file === '-' || file === '') throw usageError(`${name} takes the name of a file, not "${file}"`, file === '' ? undefined : 'a file of that name is ./- ; for JSON on stdout use --json');
    return file;
  };
  return { kind: 'value', placeholder: 'FILE', summary, ...extras, fallback: undefined, parse };
}

/** Comma-separated words of one or several uses, or undefined when absent. */
export function list(placeholder: string, summary: string, extras: OptionExtras = {}): Option<readonly string[] | undefined> {
  const parse = (texts: readonly string[]): string[] =>
    texts
      .flatMap((one) => one.split(','))
      .map((one) => one.trim())
      .filter((one) => one !== '');
  return { kind: 'value', placeholder, summary, ...extras, repeatable: true, fallback: undefined, parse };
}

export interface NumberLimits<T> extends OptionExtras {
  readonly min?: number;
  readonly max?: number;
  readonly fallback: T;
}

function number(typed: string, flagName: string, whole: boolean, limits: { min?: number; max?: number }): number {
  const value = typed.trim() === '' ? NaN : Number(typed);
  const { min = -Infinity, max = Infinity } = limits;
  if (Number.isFinite(value) && value >= min && value <= max && (!whole || Number.isSafeInteger(value))) return value;
  const kind = whole ? 'a whole number' : 'a number';
  const range = max !== Infinity ? ` from ${min} to ${max}` : min !== -Infinity ? ` of at least ${min}` : '';
  throw usageError(`${flagName} takes ${kind}${range}, not "${typed}"`);
}

/** A whole number within limits. */
export function integer<T extends number | undefined>(placeholder: string, summary: string, limits: NumberLimits<T>): Option<number | T> {
  const { fallback, ...extras } = limits;
  return { kind: 'value', placeholder, summary, ...extras, fallback, parse: (texts, name) => number(last(texts), name, true, limits) };
}

/** A number with a fraction, within limits. */
export function decimal<T extends number | undefined>(placeholder: string, summary: string, limits: NumberLimits<T>): Option<number | T> {
  const { fallback, ...extras } = limits;
  return { kind: 'value', placeholder, summary, ...extras, fallback, parse: (texts, name) => number(last(texts), name, false, limits) };
}

/** One of a few words. */
export function choice<const W extends string>(words: readonly W[], summary: string, extras: OptionExtras = {}): Option<W | undefined> {
  const parse = (texts: readonly string[], name: string): W => {
    const found = words.find((word) => word === last(texts).toLowerCase());
    if (found === undefined) throw usageError(`${name} takes one of ${words.join(', ')}, not "${last(texts)}"`);
    return found;
  };
  return { kind: 'value', placeholder: words.join('|'), summary, ...extras, fallback: undefined, parse };
}
