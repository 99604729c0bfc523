// The read-only interface of a configuration, for code that takes part in building one: the tables, checks and paths below
// config.ts.
import type { Parameter } from './parameter.js';

/** A directive of redis.conf that is not a parameter. Kept in file order for the code that acts on it. */
export interface Directive {
  readonly name: string;
  readonly words: readonly string[];
}

/** The readable part of Config; documented there. */
export interface Configured {
  readonly directives: readonly Directive[];
  text(name: string): string;
  flag(name: string): boolean;
  wasGiven(name: string): boolean;
  onChange(name: string, listener: () => void): void;
  entries(): Iterable<{ readonly parameter: Parameter; readonly text: string }>;
}
