// The notation of the lists: a command a line, quoted as at redis-cli's prompt.
import { splitLine } from '../../src/resp/inline.js';
import { readMark, ruleFor } from './compare.js';
import type { Rule } from './compare.js';

export interface Line {
  readonly text: string;
  readonly args: readonly string[];
  readonly rule: Rule;
  /** Replies the command gives: one, or one for each channel. */
  readonly replies: number;
}

const PER_CHANNEL = new Set(['subscribe', 'psubscribe', 'ssubscribe', 'unsubscribe', 'punsubscribe', 'sunsubscribe']);

/** `{{x*100}}` stands for x a hundred times. */
const expand = (text: string): string =>
  text.replace(/\{\{(.+?)\*(\d+)\}\}/g, (_all, part: string, times: string) => part.repeat(Number(times)));

/** One line. Throws for unbalanced quotes. */
export function readLine(text: string): Line {
  const { rule, rest } = readMark(text);
  const args = splitLine(expand(rest));
  if (args === null) throw new Error(`unbalanced quotes in a parity list: ${text}`);
  const perChannel = PER_CHANNEL.has((args[0] ?? '').toLowerCase());
  return { text, args, rule: rule ?? ruleFor(args), replies: perChannel ? Math.max(1, args.length - 1) : 1 };
}

/** The lines of a list; empty ones and those that begin with # are skipped. */
export function readLines(list: string | readonly string[]): Line[] {
  const texts = typeof list === 'string' ? list.split('\n') : list;
  return texts.map((text) => text.trim()).filter((text) => text !== '' && !text.startsWith('#')).map(readLine);
}
