// What those may ask of a configuration who are part of making one: the tables, checks and paths below config.ts.
import type { Parameter } from './parameter.js';

/** A directive of redis.conf that is no parameter. Kept for those who act on it, in the order of the file. */
export interface Directive {
  readonly name: string;
  readonly words: readonly string[];
}

/** Config as it can be read; what each does stands there. */
export interface Configured {
  readonly directives: readonly Directive[];
  text(name: string): string;
  flag(name: string): boolean;
  wasGiven(name: string): boolean;
  onChange(name: string, listener: () => void): void;
  entries(): Iterable<{ readonly parameter: Parameter; readonly text: string }>;
}
