// A question answered by words or by the arrow keys: one choice, or several up to `done`. Words may be typed or pasted, also
// several lines at once. Pure: the meaning of a line of words. Not here: drawing (pick-prompt.ts), reading lines from a pipe
// (answer-lines.ts).
import { TribError } from '../errors.js';

export interface Choice<T> {
  readonly name: string;
  readonly value: T;
  /** Another text that finds the choice while typing, such as a whole id. */
  readonly also?: string;
}

export interface Pick<T> {
  /** Shown before each requested word; `number` counts from 1. */
  readonly question: (number: number) => string;
  /** Lines above the first question. */
  readonly intro?: readonly string[];
  readonly choices: readonly Choice<T>[];
  /** The choice that a word names: an id, a prefix of one, an address. Throws TribError for a word that names none. */
  readonly find: (word: string) => Choice<T>;
  /** Why a value that `find` returned cannot be chosen; undefined when it can. */
  readonly refuse?: (value: T) => string | undefined;
  /** Asks until `done`, or until the word of `all` is given. Without it the answer is one choice. */
  readonly several?: { readonly all: Choice<readonly T[]> };
}

/** The choices so far; `complete` when no more is asked. */
export interface Picked<T> {
  readonly values: readonly T[];
  /** One line per choice, in the order chosen. */
  readonly names: readonly string[];
  readonly complete: boolean;
}

export const NOTHING_PICKED: Picked<never> = { values: [], names: [], complete: false };

/** Adds one choice; a repeated one counts once. */
export function pickChoice<T>({ several }: Pick<T>, picked: Picked<T>, choice: Choice<T>): Picked<T> {
  if (picked.values.includes(choice.value)) return picked;
  return { values: [...picked.values, choice.value], names: [...picked.names, choice.name], complete: several === undefined };
}

/**
 * Reads a line of words, separated by blanks or commas. Throws TribError for an unknown or refused word; then nothing is added.
 * `skip`: called with the reason for a refused word of several, which is left out instead.
 */
export function pickWords<T>(pick: Pick<T>, before: Picked<T>, line: string, skip?: (reason: string) => void): Picked<T> {
  let picked = before;
  for (const word of line.split(/[\s,]+/).filter((one) => one !== '')) {
    if (picked.complete) throw new TribError('TOO_MANY_WORDS', `"${word}" is one too many: only one node is requested`);
    picked = pickWord(pick, picked, word, skip);
  }
  return picked;
}

function pickNamed<T>(pick: Pick<T>, picked: Picked<T>, word: string, skip?: (reason: string) => void): Picked<T> {
  const choice = pick.find(word);
  const reason = pick.refuse?.(choice.value);
  if (reason === undefined) return pickChoice(pick, picked, choice);
  if (skip === undefined || pick.several === undefined) throw new TribError('REFUSED_CHOICE', reason);
  skip(reason);
  return picked;
}

function pickWord<T>(pick: Pick<T>, picked: Picked<T>, word: string, skip?: (reason: string) => void): Picked<T> {
  const { several } = pick;
  if (several !== undefined && word.toLowerCase() === 'all') return { values: several.all.value, names: [several.all.name], complete: true };
  if (several === undefined || word.toLowerCase() !== 'done') return pickNamed(pick, picked, word, skip);
  if (picked.values.length === 0) throw new TribError('NO_SOURCE', 'No node has been given yet', { hint: "name one, or 'all'" });
  return { ...picked, complete: true };
}

/** The answer. A complete Picked has at least one value. */
export function answerOf<T>({ values }: Picked<T>): readonly [T, ...T[]] {
  const [first, ...rest] = values;
  if (first === undefined) throw new TribError('INTERNAL', 'a question ended without an answer');
  return [first, ...rest];
}
