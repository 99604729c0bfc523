// SORT and SORT_RO. Options are read in sort-options.ts, patterns looked up in sort-weights.ts.
import type { Args } from '../../exec/command.js';
import { ErrorReply } from '../../../resp/server-reply.js';
import type { ServerReply } from '../../../resp/server-reply.js';
import type { CommandContext } from '../../exec/context.js';
import { WRONGTYPE } from '../../errors.js';
import { NotifyClass } from '../../keyspace/notifications.js';
import { ListValue } from '../../types/list.js';
import { SetValue } from '../../types/set.js';
import { ZSetValue } from '../../types/zset.js';
import { sortOptions } from './sort-options.js';
import type { SortOptions } from './sort-options.js';
import { lookupPattern, sortScore } from './sort-weights.js';

type Sortable = ListValue | SetValue | ZSetValue | undefined;

const NOT_A_NUMBER = new ErrorReply("ERR One or more scores can't be converted into double");

export const sort = (ctx: CommandContext, args: Args): ServerReply =>
  run(ctx, args[1]!, sortOptions(args, true, ctx.node.cluster !== null));
export const sortRo = (ctx: CommandContext, args: Args): ServerReply =>
  run(ctx, args[1]!, sortOptions(args, false, ctx.node.cluster !== null));

function run(ctx: CommandContext, key: string, options: SortOptions): ServerReply {
  const source = sortable(ctx, key);
  // BY without a star means the native order. A set has none, so it is sorted when it is stored.
  let asIs = options.by !== null && !options.by.includes('*');
  if (asIs && source instanceof SetValue && options.store !== null) {
    asIs = false;
    options.alpha = true;
    options.by = null;
  }
  // Redis converts the sorted set, which OBJECT ENCODING shows.
  if (source instanceof ZSetValue) source.convertToSkiplist();
  const elements = elementsOf(source);
  const sorted = asIs ? native(source, elements, options.desc) : ordered(ctx, elements, options);
  const chosen = window(sorted, options);
  if (options.store === null) return output(ctx, chosen, options.get);
  return store(ctx, options.store, output(ctx, chosen, options.get));
}

function sortable(ctx: CommandContext, key: string): Sortable {
  const value = ctx.db.lookupRead(key);
  if (value === undefined || value instanceof ListValue || value instanceof SetValue || value instanceof ZSetValue) return value;
  throw WRONGTYPE;
}

function elementsOf(source: Sortable): string[] {
  if (source === undefined) return [];
  if (source instanceof ListValue) return source.toArray();
  if (source instanceof SetValue) return source.members();
  return source.range(0, source.size).members;
}

/** The order of the list or of the scores; DESC reverses it. */
function native(source: Sortable, elements: string[], desc: boolean): string[] {
  return desc && !(source instanceof SetValue) ? elements.reverse() : elements;
}

interface WeightedElement {
  readonly element: string;
  readonly weight: string | null;
  readonly score: number;
}

const bytes = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

/** Elements without a weight come first. */
function byWeight(a: WeightedElement, b: WeightedElement): number {
  if (a.weight === null || b.weight === null) return a.weight === b.weight ? 0 : a.weight === null ? -1 : 1;
  return bytes(a.weight, b.weight);
}

/** Without STORE, text is compared as in C, where a NUL ends it; with STORE all bytes count. */
function untilNul(text: string | null): string | null {
  const nul = text?.indexOf('\0') ?? -1;
  return text === null || nul < 0 ? text : text.slice(0, nul);
}

/** Elements with equal numbers are ordered by their bytes. */
const byScore = (a: WeightedElement, b: WeightedElement): number => (a.score === b.score ? bytes(a.element, b.element) : a.score < b.score ? -1 : 1);

function ordered({ db }: CommandContext, elements: readonly string[], options: SortOptions): string[] {
  const weighted = elements.map((element): WeightedElement => {
    const weight = options.by === null ? element : lookupPattern(db, options.by, element);
    const score = options.alpha || weight === null ? 0 : sortScore(weight);
    if (score === null) throw NOT_A_NUMBER;
    return { element, weight: options.store === null ? untilNul(weight) : weight, score };
  });
  const compare = options.alpha ? byWeight : byScore;
  weighted.sort(options.desc ? (a, b) => compare(b, a) : compare);
  return weighted.map(({ element }) => element);
}

/** LIMIT: a negative start counts as 0, and a range beyond the end is cut. */
function window(elements: string[], { start, count }: SortOptions): string[] {
  const from = Math.max(0, start);
  return elements.slice(from, count < 0 ? undefined : from + count);
}

function output({ db }: CommandContext, elements: readonly string[], patterns: readonly string[]): (string | null)[] {
  if (patterns.length === 0) return [...elements];
  return elements.flatMap((element) => patterns.map((pattern) => lookupPattern(db, pattern, element)));
}

function store({ db }: CommandContext, key: string, items: readonly (string | null)[]): ServerReply {
  if (items.length === 0) {
    db.deleteKey(key);
    return 0;
  }
  db.lookupWithoutTrace(key);
  db.store(key, ListValue.from(items.map((item) => item ?? '')));
  db.changed(key, NotifyClass.list, 'sortstore', items.length);
  return items.length;
}
