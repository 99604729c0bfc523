// Intervals of sorted sets: by score (`(1`, `+inf`), by member (`[a`, `-`) and by rank, each turned into a run of ranks.
import { ErrorReply } from '../../../resp/server-reply.js';
import { parseDouble } from '../../types/numbers.js';
import type { ZSetValue } from '../../types/zset.js';

const NOT_SCORE = new ErrorReply('ERR min or max is not a float');
const NOT_LEX = new ErrorReply('ERR min or max not valid string range item');

/** Ranks `start` to `start + amount - 1`, from the lowest score; amount 0 when empty. */
export interface RankRun {
  readonly start: number;
  readonly amount: number;
}

export type Interval = (zset: ZSetValue) => RankRun;

const run = (start: number, end: number): RankRun => ({ start, amount: Math.max(0, end - start) });

interface ScoreBound {
  readonly value: number;
  readonly exclusive: boolean;
}

function scoreBound(text: string): ScoreBound {
  const exclusive = text.startsWith('(');
  // The C library skips leading blanks and reads an empty text as zero.
  const digits = (exclusive ? text.slice(1) : text).trimStart();
  const value = digits === '' ? 0 : parseDouble(digits);
  if (value === null || Number.isNaN(value)) throw NOT_SCORE;
  return { value, exclusive };
}

/** Scores from `min` to `max`. Throws for bounds that are not numbers. */
export function scoreInterval(min: string, max: string): Interval {
  const low = scoreBound(min);
  const high = scoreBound(max);
  return (zset) => run(zset.countBelowScore(low.value, low.exclusive), zset.countBelowScore(high.value, !high.exclusive));
}

type LexBound = '-' | '+' | { readonly member: string; readonly exclusive: boolean };

function lexBound(text: string): LexBound {
  if (text === '-' || text === '+') return text;
  if (text[0] !== '[' && text[0] !== '(') throw NOT_LEX;
  return { member: text.slice(1), exclusive: text[0] === '(' };
}

/** Members from `min` to `max`, where all scores are equal. Throws for bounds without `[`, `(`, `-` or `+`. */
export function lexInterval(min: string, max: string): Interval {
  const low = lexBound(min);
  const high = lexBound(max);
  const below = (zset: ZSetValue, bound: LexBound, upper: boolean): number => {
    if (bound === '-') return 0;
    if (bound === '+') return zset.size;
    return zset.countBelowMember(bound.member, upper !== bound.exclusive);
  };
  return (zset) => run(below(zset, low, false), below(zset, high, true));
}

/** Ranks from `start` to `stop` inclusive, negative from the end; `reverse`: rank 0 is the highest score. */
export function rankInterval(start: number, stop: number, reverse: boolean): Interval {
  return (zset) => {
    const n = zset.size;
    const from = start < 0 ? Math.max(0, start + n) : start;
    const to = Math.min(stop < 0 ? stop + n : stop, n - 1);
    if (from > to) return { start: 0, amount: 0 };
    return { start: reverse ? n - 1 - to : from, amount: to - from + 1 };
  };
}
