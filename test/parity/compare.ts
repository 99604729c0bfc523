// When two raw replies count as equal. Bytes must be equal, except where a value is random or a moment in time; each
// exception is named here by command, or by a mark before the line.
import type { RawReply } from './raw-reply.js';

/**
 * exact: bytes. deep: elements in any order at every depth. unordered: elements in any order, in groups of `group`. shape: the
 * same type and number of elements. near: integers (or arrays of them) that differ by at most `by`.
 */
export type Rule =
  | { readonly kind: 'exact' | 'shape' | 'any' | 'deep' }
  | { readonly kind: 'unordered'; readonly group: number }
  | { readonly kind: 'near'; readonly by: number };

const EXACT: Rule = { kind: 'exact' };
const SHAPE: Rule = { kind: 'shape' };
const UNORDERED: Rule = { kind: 'unordered', group: 1 };

/** Sets have no order, RANDOM… is random, and time passes between the two requests. */
const RULES: Readonly<Record<string, Rule>> = {
  smembers: UNORDERED, sinter: UNORDERED, sunion: UNORDERED, sdiff: UNORDERED, keys: UNORDERED,
  srandmember: SHAPE, spop: SHAPE, hrandfield: SHAPE, zrandmember: SHAPE, randomkey: SHAPE,
  ttl: { kind: 'near', by: 1 }, expiretime: { kind: 'near', by: 2 },
  pttl: { kind: 'near', by: 2000 }, pexpiretime: { kind: 'near', by: 2000 },
  'object|idletime': { kind: 'near', by: 2 },
  // Subcommands, and sets of flags, are in the order of a hash table.
  'command|info': { kind: 'deep' },
  'client|id': SHAPE, 'client|info': { kind: 'any' }, 'client|list': { kind: 'any' },
  'pubsub|channels': UNORDERED, 'pubsub|shardchannels': UNORDERED,
  time: SHAPE, 'memory|usage': SHAPE, dbsize: EXACT,
};

/** Help texts are our own. */
const HELP = new Set(['client', 'object', 'pubsub', 'config', 'debug', 'memory', 'command', 'latency', 'slowlog', 'cluster', 'acl']);

/** The rule for a command without a mark. */
export function ruleFor(args: readonly string[]): Rule {
  const name = (args[0] ?? '').toLowerCase();
  if (HELP.has(name) && args.length === 2 && args[1]!.toLowerCase() === 'help') return { kind: 'any' };
  return RULES[name] ?? RULES[`${name}|${(args[1] ?? '').toLowerCase()}`] ?? EXACT;
}

/** A line `~ cmd` (any order), `~2 cmd` (pairs in any order), `? cmd` (same shape) or `cmd`. */
export function readMark(line: string): { rule: Rule | null; rest: string } {
  const mark = /^(~(\d?)|\?) /.exec(line);
  if (!mark) return { rule: null, rest: line };
  const rest = line.slice(mark[0].length);
  return { rule: mark[1] === '?' ? SHAPE : { kind: 'unordered', group: Number(mark[2] || 1) }, rest };
}

function groups(reply: RawReply, group: number): string {
  const size = reply.type === '%' ? 2 : group;
  const parts: string[] = [];
  for (let i = 0; i < reply.items.length; i += size) {
    parts.push(reply.items.slice(i, i + size).map((item) => item.raw).join(''));
  }
  return reply.type + parts.sort().join('');
}

const sortedDeep = ({ type, raw, items }: RawReply): string => (items.length === 0 ? raw : `${type}(${items.map(sortedDeep).sort().join('')})`);

const integerOf = (reply: RawReply): number => (reply.type === ':' ? Number(reply.raw.slice(1)) : NaN);

function near(a: RawReply, b: RawReply, by: number): boolean {
  // -1 and -2 are not times: they mean no expiry and no key.
  if (integerOf(a) < 0 || integerOf(b) < 0) return a.raw === b.raw;
  if (Math.abs(integerOf(a) - integerOf(b)) <= by) return true;
  return a.raw === b.raw;
}

/** True when the two replies count as equal. */
export function sameReply(a: RawReply | undefined, b: RawReply | undefined, rule: Rule): boolean {
  if (!a || !b) return a === b;
  if (a.raw === b.raw) return true;
  // Errors must always be equal.
  if (a.type === '-' || b.type === '-') return false;
  if (rule.kind === 'any') return a.type === b.type;
  if (rule.kind === 'shape') return sameShape(a, b);
  if (rule.kind === 'near') return near(a, b, rule.by);
  if (rule.kind === 'deep') return sortedDeep(a) === sortedDeep(b);
  if (rule.kind === 'unordered') return a.items.length > 0 && groups(a, rule.group) === groups(b, rule.group);
  return false;
}

function sameShape(a: RawReply, b: RawReply): boolean {
  if (a.type !== b.type || a.items.length !== b.items.length) return false;
  const isNull = (reply: RawReply): boolean => reply.raw === '$-1\r\n';
  return isNull(a) === isNull(b);
}
