// Sorted-set algebra (also with plain sets, whose scores count as 1): ZUNION, ZINTER, ZDIFF, STORE forms, ZINTERCARD.
import type { Args } from '../../exec/command.js';
import { ErrorReply } from '../../../resp/server-reply.js';
import type { ServerReply } from '../../../resp/server-reply.js';
import { intArg, rangedArg } from '../../exec/arguments.js';
import type { CommandContext } from '../../exec/context.js';
import { SYNTAX, WRONGTYPE } from '../../errors.js';
import { parseDouble } from '../../types/numbers.js';
import { SetValue } from '../../types/set.js';
import { ZSetValue } from '../../types/zset.js';
import { rangeReply, storeResult } from './select.js';

type SetOperation = 'union' | 'inter' | 'diff';

const WEIGHT = new ErrorReply('ERR weight value is not a float');
const LIMIT_NEGATIVE = new ErrorReply("ERR LIMIT can't be negative");

/** One input: its members with their weighted scores, and a lookup. */
class WeightedSource {
  weight = 1;

  constructor(readonly value: ZSetValue | SetValue | undefined) {}

  get size(): number {
    return this.value?.size ?? 0;
  }

  /** The weighted score of a member; undefined when absent. */
  score(member: string): number | undefined {
    const { value } = this;
    const plain = value instanceof ZSetValue ? value.score(member) : value?.has(member) ? 1 : undefined;
    return plain === undefined ? undefined : nanToZero(plain * this.weight);
  }

  members(): readonly string[] {
    const { value } = this;
    return value instanceof ZSetValue ? value.range(0, value.size).members : (value?.members() ?? []);
  }

  /** The score without the weight, for ZDIFF. */
  plain(member: string): number {
    return this.value instanceof ZSetValue ? this.value.score(member)! : 1;
  }
}

/** Infinity times zero, or minus itself, counts as zero. */
const nanToZero = (n: number): number => (Number.isNaN(n) ? 0 : n);

type Aggregate = (a: number, b: number) => number;
const AGGREGATES: Readonly<Record<string, Aggregate>> = {
  SUM: (a, b) => nanToZero(a + b),
  MIN: (a, b) => (b < a ? b : a),
  MAX: (a, b) => (b > a ? b : a),
};

interface Request {
  readonly sources: readonly WeightedSource[];
  readonly aggregate: Aggregate;
  readonly withScores: boolean;
  /** ZINTERCARD's; 0 for none. */
  readonly limit: number;
}

interface Form {
  readonly name: string;
  readonly operation: SetOperation;
  readonly store: boolean;
  readonly cardinality: boolean;
}

function openSources(ctx: CommandContext, keys: Args): WeightedSource[] {
  return keys.map((key) => {
    const value = ctx.db.lookupRead(key);
    if (value === undefined || value instanceof ZSetValue || value instanceof SetValue) return new WeightedSource(value);
    throw WRONGTYPE;
  });
}

/** Reads `numkeys key… [options]` from word `at` on; key types are checked before the options, as in Redis. */
function request(ctx: CommandContext, args: Args, at: number, form: Form): Request {
  const count = intArg(args[at]);
  if (count < 1) throw new ErrorReply(`ERR at least 1 input key is needed for '${form.name}' command`);
  if (count > args.length - at - 1) throw SYNTAX;
  const sources = openSources(ctx, args.slice(at + 1, at + 1 + count));
  let aggregate: Aggregate = AGGREGATES['SUM']!;
  let withScores = false;
  let limit = 0;
  const combines = form.operation !== 'diff' && !form.cardinality;
  for (let i = at + 1 + count; i < args.length; i++) {
    const word = args[i]!.toUpperCase();
    const left = args.length - i - 1;
    if (combines && word === 'WEIGHTS' && left >= count) {
      for (const source of sources) source.weight = weightArg(args[++i]!);
    } else if (combines && word === 'AGGREGATE' && left >= 1) {
      aggregate = AGGREGATES[args[++i]!.toUpperCase()] ?? refuse();
    } else if (!form.store && !form.cardinality && word === 'WITHSCORES') withScores = true;
    else if (form.cardinality && word === 'LIMIT' && left >= 1) limit = rangedArg(args[++i], 0, Infinity, LIMIT_NEGATIVE);
    else throw SYNTAX;
  }
  return { sources, aggregate, withScores, limit };
}

function refuse(): never {
  throw SYNTAX;
}

function weightArg(text: string): number {
  const weight = parseDouble(text);
  if (weight === null || Number.isNaN(weight)) throw WEIGHT;
  return weight;
}

/** Smallest first, which determines the order of floating-point additions. */
const bySize = (sources: readonly WeightedSource[]): WeightedSource[] => [...sources].sort((a, b) => a.size - b.size);

function union({ sources, aggregate }: Request): Map<string, number> {
  const scores = new Map<string, number>();
  for (const source of bySize(sources)) {
    for (const member of source.members()) {
      const score = source.score(member)!;
      const before = scores.get(member);
      scores.set(member, before === undefined ? score : aggregate(before, score));
    }
  }
  return scores;
}

function intersection({ sources, aggregate, limit }: Request): Map<string, number> {
  const scores = new Map<string, number>();
  const [first, ...others] = bySize(sources) as [WeightedSource, ...WeightedSource[]];
  for (const member of first.members()) {
    if (limit > 0 && scores.size >= limit) break;
    let score: number | undefined = first.score(member);
    for (const other of others) {
      const more = other.score(member);
      score = more === undefined || score === undefined ? undefined : aggregate(score, more);
    }
    if (score !== undefined) scores.set(member, score);
  }
  return scores;
}

function difference({ sources }: Request): Map<string, number> {
  const [first, ...others] = sources as [WeightedSource, ...WeightedSource[]];
  const scores = new Map<string, number>();
  for (const member of first.members()) {
    if (!others.some((other) => other.score(member) !== undefined)) scores.set(member, first.plain(member));
  }
  return scores;
}

const OPERATIONS: Readonly<Record<SetOperation, (request: Request) => Map<string, number>>> = {
  union,
  inter: intersection,
  diff: difference,
};

function combine(ctx: CommandContext, args: Args, at: number, form: Form): { result: ZSetValue; withScores: boolean } {
  const wanted = request(ctx, args, at, form);
  const { limits } = ctx.keyspace;
  const scores = OPERATIONS[form.operation](wanted);
  const result = new ZSetValue();
  // Redis collects in a skiplist and converts the stored result: -0 keeps its sign unless it becomes a listpack.
  const big = scores.size > limits.zsetMaxListpackEntries || [...scores.keys()].some((member) => member.length > limits.zsetMaxListpackValue);
  if (!form.store || big) result.convertToSkiplist();
  for (const [member, score] of scores) result.set(member, score, limits);
  return { result, withScores: wanted.withScores };
}

const reply = (name: string, operation: SetOperation) => (ctx: CommandContext, args: Args): ServerReply => {
  const { result, withScores } = combine(ctx, args, 1, { name, operation, store: false, cardinality: false });
  return rangeReply(result.range(0, result.size), withScores);
};
export const zunion = reply('zunion', 'union');
export const zinter = reply('zinter', 'inter');
export const zdiff = reply('zdiff', 'diff');

const store = (name: string, operation: SetOperation) => (ctx: CommandContext, args: Args): ServerReply => {
  const { result } = combine(ctx, args, 2, { name, operation, store: true, cardinality: false });
  return storeResult(ctx, args[1]!, result, name);
};
export const zunionstore = store('zunionstore', 'union');
export const zinterstore = store('zinterstore', 'inter');
export const zdiffstore = store('zdiffstore', 'diff');

export const zintercard = (ctx: CommandContext, args: Args): ServerReply =>
  intersection(request(ctx, args, 1, { name: 'zintercard', operation: 'inter', store: false, cardinality: true })).size;
