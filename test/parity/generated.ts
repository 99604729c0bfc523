// Random commands for the parity tests: templates and words by type. Everything comes from one seed, so a failure is repeatable.
import { seededRandom } from '../../src/server/runtime/random.js';

/** Draws from lists and ranges. */
export class Draw {
  private readonly random;
  constructor(seed: number) {
    this.random = seededRandom(seed);
  }
  below(bound: number): number {
    return this.random.below(bound);
  }
  of<T>(items: readonly T[]): T {
    return items[this.below(items.length)]!;
  }
  /** One to `most` draws. */
  some(most: number, draw: () => string): string {
    return Array.from({ length: 1 + this.below(most) }, draw).join(' ');
  }
  maybe(text: string): string {
    return this.below(3) === 0 ? ` ${text}` : '';
  }
}

export type Template = (d: Draw) => string;

const key = (d: Draw): string => `k${d.below(4)}`;
const index = (d: Draw): string => d.of(['0', '1', '-1', '2', '-2', '5', '-5', '100', '-100', '3']);
const small = (d: Draw): string => d.of(['0', '1', '2', '3', '5', '-1', '10']);
const value = (d: Draw): string =>
  d.of(['a', 'b', 'c', 'hello', '1', '2', '10', '-7', '3.5', '""', '"\\xff\\x00a"', '9223372036854775807', '{{x*50}}', '{{y*70}}', '012', 'Z', String(d.below(300))]);
const score = (d: Draw): string => d.of(['0', '1', '2', '-1', '1.5', 'inf', '-inf', '3', '1e3', '0.1', '-0', String(d.below(20))]);
const scoreEdge = (d: Draw): string => d.of(['-inf', '+inf', '0', '1', '(1', '2', '(0', '5', '-1', '1.5', '(inf']);
const lexEdge = (d: Draw): string => d.of(['-', '+', '[a', '(a', '[b', '(c', '[hello', '(', '[', '[x']);

const always: readonly Template[] = [
  (d) => `DEL ${key(d)}`,
  (d) => `EXISTS ${d.some(3, () => key(d))}`,
  (d) => `TYPE ${key(d)}`,
  (d) => `OBJECT ENCODING ${key(d)}`,
  (d) => `RENAME ${key(d)} ${key(d)}`,
  (d) => `COPY ${key(d)} ${key(d)}${d.maybe('REPLACE')}`,
  (d) => `EXPIREAT ${key(d)} ${d.of(['99999999999', '99999988888', '99999977777'])}${d.maybe(d.of(['NX', 'XX', 'GT', 'LT']))}`,
  (d) => `PERSIST ${key(d)}`,
  (d) => `TTL ${key(d)}`,
];

const strings: readonly Template[] = [
  (d) => `SET ${key(d)} ${value(d)}${d.maybe(d.of(['NX', 'XX', 'GET', 'KEEPTTL', 'EX 1000', 'PX 1000000']))}`,
  (d) => `GET ${key(d)}`,
  (d) => `GETSET ${key(d)} ${value(d)}`,
  (d) => `APPEND ${key(d)} ${value(d)}`,
  (d) => `STRLEN ${key(d)}`,
  (d) => `GETRANGE ${key(d)} ${index(d)} ${index(d)}`,
  (d) => `SETRANGE ${key(d)} ${d.of(['0', '1', '5', '60'])} ${value(d)}`,
  (d) => `INCR ${key(d)}`,
  (d) => `INCRBY ${key(d)} ${d.of(['5', '-3', '9223372036854775807', '-9223372036854775808', '1000000000000'])}`,
  (d) => `DECRBY ${key(d)} ${d.of(['5', '-3', '9223372036854775807'])}`,
  (d) => `INCRBYFLOAT ${key(d)} ${d.of(['0.1', '-2.5', '1e3', '3', '0.0001'])}`,
  (d) => `MSET ${d.some(3, () => `${key(d)} ${value(d)}`)}`,
  (d) => `MGET ${d.some(4, () => key(d))}`,
  (d) => `SETNX ${key(d)} ${value(d)}`,
  (d) => `GETDEL ${key(d)}`,
  (d) => `GETEX ${key(d)}${d.maybe(d.of(['PERSIST', 'EX 1000']))}`,
  (d) => `LCS ${key(d)} ${key(d)}${d.maybe(d.of(['LEN', 'IDX', 'IDX WITHMATCHLEN']))}`,
];

const side = (d: Draw): string => d.of(['LEFT', 'RIGHT']);
const lists: readonly Template[] = [
  (d) => `RPUSH ${key(d)} ${d.some(4, () => value(d))}`,
  (d) => `LPUSH ${key(d)} ${d.some(4, () => value(d))}`,
  (d) => `RPUSHX ${key(d)} ${value(d)}`,
  (d) => `LPOP ${key(d)}${d.maybe(small(d))}`,
  (d) => `RPOP ${key(d)}${d.maybe(small(d))}`,
  (d) => `LLEN ${key(d)}`,
  (d) => `LRANGE ${key(d)} ${index(d)} ${index(d)}`,
  (d) => `LINDEX ${key(d)} ${index(d)}`,
  (d) => `LSET ${key(d)} ${index(d)} ${value(d)}`,
  (d) => `LINSERT ${key(d)} ${d.of(['BEFORE', 'AFTER'])} ${value(d)} ${value(d)}`,
  (d) => `LREM ${key(d)} ${d.of(['0', '1', '-1', '2'])} ${value(d)}`,
  (d) => `LTRIM ${key(d)} ${index(d)} ${index(d)}`,
  (d) => `LMOVE ${key(d)} ${key(d)} ${side(d)} ${side(d)}`,
  (d) => `RPOPLPUSH ${key(d)} ${key(d)}`,
  (d) => `LPOS ${key(d)} ${value(d)}${d.maybe(`RANK ${d.of(['1', '-1', '2'])}`)}${d.maybe(`COUNT ${d.of(['0', '1', '2'])}`)}`,
  (d) => `LMPOP 2 ${key(d)} ${key(d)} ${side(d)}${d.maybe('COUNT 2')}`,
  (d) => `SORT ${key(d)} ALPHA${d.maybe('DESC')}${d.maybe('LIMIT 0 3')}${d.maybe(`STORE ${key(d)}`)}`,
];

const field = (d: Draw): string => d.of(['f', 'g', 'h', '1', '2', '""', '{{z*65}}', `f${d.below(700)}`]);
const hashes: readonly Template[] = [
  (d) => `HSET ${key(d)} ${d.some(4, () => `${field(d)} ${value(d)}`)}`,
  (d) => `HSETNX ${key(d)} ${field(d)} ${value(d)}`,
  (d) => `HGET ${key(d)} ${field(d)}`,
  (d) => `HMGET ${key(d)} ${d.some(3, () => field(d))}`,
  (d) => `~2 HGETALL ${key(d)}`,
  (d) => `~ HKEYS ${key(d)}`,
  (d) => `~ HVALS ${key(d)}`,
  (d) => `HDEL ${key(d)} ${d.some(3, () => field(d))}`,
  (d) => `HLEN ${key(d)}`,
  (d) => `HEXISTS ${key(d)} ${field(d)}`,
  (d) => `HSTRLEN ${key(d)} ${field(d)}`,
  (d) => `HINCRBY ${key(d)} ${field(d)} ${d.of(['1', '-5', '9223372036854775807'])}`,
  (d) => `HINCRBYFLOAT ${key(d)} ${field(d)} ${d.of(['0.1', '-5', '1e3'])}`,
];

const member = (d: Draw): string => d.of([value(d), String(d.below(20)), String(d.below(100_000)), `m${d.below(10)}`]);
const sets: readonly Template[] = [
  (d) => `SADD ${key(d)} ${d.some(4, () => member(d))}`,
  (d) => `SADD ${key(d)} ${d.some(6, () => String(d.below(1000)))}`,
  (d) => `SREM ${key(d)} ${d.some(3, () => member(d))}`,
  (d) => `SCARD ${key(d)}`,
  (d) => `SMEMBERS ${key(d)}`,
  (d) => `SISMEMBER ${key(d)} ${member(d)}`,
  (d) => `SMISMEMBER ${key(d)} ${d.some(3, () => member(d))}`,
  (d) => `SMOVE ${key(d)} ${key(d)} ${member(d)}`,
  (d) => `${d.of(['SINTER', 'SUNION', 'SDIFF'])} ${d.some(3, () => key(d))}`,
  (d) => `${d.of(['SINTERSTORE', 'SUNIONSTORE', 'SDIFFSTORE'])} ${key(d)} ${d.some(3, () => key(d))}`,
  (d) => `SINTERCARD 2 ${key(d)} ${key(d)}${d.maybe('LIMIT 2')}`,
  (d) => `~ SPOP ${key(d)} 10000`,
  (d) => `~ SRANDMEMBER ${key(d)} 10000`,
  (d) => `SORT ${key(d)} ALPHA${d.maybe('DESC')}${d.maybe('LIMIT 1 2')}`,
];

const zrange = (d: Draw): string => d.of([
  `${index(d)} ${index(d)}`,
  `${scoreEdge(d)} ${scoreEdge(d)} BYSCORE`,
]);
const operands = (d: Draw): string => `2 ${key(d)} ${key(d)}${d.maybe(`WEIGHTS ${d.of(['1', '0.5', '-3', 'inf', '1e300'])} 2`)}${d.maybe(`AGGREGATE ${d.of(['SUM', 'MIN', 'MAX'])}`)}`;
const zsets: readonly Template[] = [
  (d) => `ZADD ${key(d)}${d.maybe(d.of(['NX', 'XX', 'GT', 'LT', 'CH', 'GT CH', 'XX LT']))} ${d.some(4, () => `${score(d)} ${member(d)}`)}`,
  (d) => `ZINCRBY ${key(d)} ${score(d)} ${member(d)}`,
  (d) => `ZREM ${key(d)} ${d.some(3, () => member(d))}`,
  (d) => `ZCARD ${key(d)}`,
  (d) => `ZSCORE ${key(d)} ${member(d)}`,
  (d) => `ZMSCORE ${key(d)} ${d.some(3, () => member(d))}`,
  (d) => `${d.of(['ZRANK', 'ZREVRANK'])} ${key(d)} ${member(d)}`,
  (d) => `ZRANGE ${key(d)} ${zrange(d)}${d.maybe('REV')}${d.maybe('LIMIT 0 3')}${d.maybe('WITHSCORES')}`,
  (d) => `ZRANGESTORE ${key(d)} ${key(d)} ${zrange(d)}`,
  (d) => `ZCOUNT ${key(d)} ${scoreEdge(d)} ${scoreEdge(d)}`,
  (d) => `${d.of(['ZPOPMIN', 'ZPOPMAX'])} ${key(d)}${d.maybe(small(d))}`,
  (d) => `ZMPOP 2 ${key(d)} ${key(d)} ${d.of(['MIN', 'MAX'])}`,
  (d) => `ZREMRANGEBYRANK ${key(d)} ${index(d)} ${index(d)}`,
  (d) => `ZREMRANGEBYSCORE ${key(d)} ${scoreEdge(d)} ${scoreEdge(d)}`,
  (d) => `${d.of(['ZUNION', 'ZINTER'])} ${operands(d)}${d.maybe('WITHSCORES')}`,
  (d) => `${d.of(['ZUNIONSTORE', 'ZINTERSTORE'])} ${key(d)} ${operands(d)}`,
  (d) => `ZDIFF 2 ${key(d)} ${key(d)} WITHSCORES`,
  (d) => `ZDIFFSTORE ${key(d)} 2 ${key(d)} ${key(d)}`,
  (d) => `ZINTERCARD 2 ${key(d)} ${key(d)}`,
  (d) => `SADD ${key(d)} ${d.some(3, () => member(d))}`,
];

/** Order by bytes has a meaning only where all scores are equal. */
const lexSets: readonly Template[] = [
  (d) => `ZADD ${key(d)} ${d.some(4, () => `0 ${member(d)}`)}`,
  (d) => `ZADD ${key(d)} 0 ${'{{w*65}}'} 0 ${member(d)}`,
  (d) => `ZREM ${key(d)} ${d.some(3, () => member(d))}`,
  (d) => `ZRANGE ${key(d)} ${lexEdge(d)} ${lexEdge(d)} BYLEX${d.maybe('LIMIT 1 3')}`,
  (d) => `ZRANGE ${key(d)} ${lexEdge(d)} ${lexEdge(d)} BYLEX REV${d.maybe('LIMIT 0 2')}`,
  (d) => `ZRANGEBYLEX ${key(d)} ${lexEdge(d)} ${lexEdge(d)}`,
  (d) => `ZREVRANGEBYLEX ${key(d)} ${lexEdge(d)} ${lexEdge(d)}`,
  (d) => `ZRANGESTORE ${key(d)} ${key(d)} ${lexEdge(d)} ${lexEdge(d)} BYLEX`,
  (d) => `ZLEXCOUNT ${key(d)} ${lexEdge(d)} ${lexEdge(d)}`,
  (d) => `ZREMRANGEBYLEX ${key(d)} ${lexEdge(d)} ${lexEdge(d)}`,
  (d) => `ZPOPMIN ${key(d)}`,
  (d) => `ZCARD ${key(d)}`,
];

export const GENERATORS: Readonly<Record<string, readonly Template[]>> = {
  strings: [...strings, ...strings, ...always],
  lists: [...lists, ...lists, ...always],
  hashes: [...hashes, ...hashes, ...always],
  sets: [...sets, ...sets, ...always],
  'sorted sets': [...zsets, ...zsets, ...always],
  'sets in byte order': [...lexSets, ...lexSets, ...always],
  'all types': [...strings, ...lists, ...hashes, ...sets, ...zsets, ...always],
};

/** `count` lines in the notation of lines.ts, the same ones for the same seed. */
export function generate(templates: readonly Template[], seed: number, count: number): string[] {
  const d = new Draw(seed);
  return Array.from({ length: count }, () => d.of(templates)(d));
}
