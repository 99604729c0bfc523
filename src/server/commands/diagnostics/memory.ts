// MEMORY: memory figures of the engine. Sizes of keys are estimates, because V8 does not report the size of an object.
import type { Args } from '../../exec/command.js';
import { getHeapStatistics } from 'node:v8';
import { ServerDouble, MapReply, OK, VerbatimReply } from '../../../resp/server-reply.js';
import type { ServerReply } from '../../../resp/server-reply.js';
import { rangedArg } from '../../exec/arguments.js';
import type { CommandContext } from '../../exec/context.js';
import { SYNTAX } from '../../errors.js';
import { humanBytes } from '../../info/section.js';
import { HashValue } from '../../types/hash.js';
import { ListValue } from '../../types/list.js';
import { RawString } from '../../types/raw-string.js';
import { SetValue } from '../../types/set.js';
import type { Value } from '../../types/value.js';
import { containerHelp } from '../container-help.js';

/** Bytes of a string besides its length, which is rounded up to 8, and bytes of a map entry (both measured on V8). */
const STRING_HEADER = 16;
const MAP_ENTRY = 40;
/** Bytes of the object, arrays and index of a collection, without its elements. */
const COLLECTION = 200;
/** Bytes of a key's entry in the table of expiries. */
const EXPIRY = 40;
/** Elements of a collection that are measured unless SAMPLES says otherwise, as in Redis. */
const DEFAULT_SAMPLES = 5;

export const memoryHelp = (ctx: CommandContext): ServerReply => containerHelp(ctx, 'MEMORY');

export function memoryUsage({ db }: CommandContext, args: Args): ServerReply {
  let samples = DEFAULT_SAMPLES;
  for (let i = 3; i < args.length; i += 2) {
    if (args[i]!.toLowerCase() !== 'samples' || i + 1 >= args.length) throw SYNTAX;
    samples = rangedArg(args[i + 1], 0, Number.MAX_SAFE_INTEGER, SYNTAX) || Infinity;
  }
  const key = args[2]!;
  const value = db.lookupWithoutTrace(key);
  if (value === undefined) return null;
  const own = stringBytes(key) + MAP_ENTRY + (db.expiry(key) === undefined ? 0 : EXPIRY);
  return own + valueBytes(value, samples);
}

const stringBytes = (text: string): number => STRING_HEADER + Math.ceil(text.length / 8) * 8;

function valueBytes(value: Value, samples: number): number {
  if (typeof value === 'number') return 8;
  if (typeof value === 'string') return stringBytes(value);
  if (value instanceof RawString) return value.capacity + COLLECTION / 2;
  if (value instanceof ListValue) return COLLECTION + estimate(value.length, samples, (i) => stringBytes(value.at(i) ?? '') + 8);
  if (value instanceof HashValue) {
    return COLLECTION + estimate(value.size, samples, (i) => stringBytes(value.fieldAt(i)) + stringBytes(value.valueAt(i)) + MAP_ENTRY);
  }
  const each = value instanceof SetValue && value.encoding === 'intset' ? () => 8 : (i: number) => stringBytes(value.memberAt(i)) + MAP_ENTRY;
  return COLLECTION + estimate(value.size, samples, each);
}

/** The size of `count` elements, from the mean of the first `samples`. */
function estimate(count: number, samples: number, bytes: (index: number) => number): number {
  const looked = Math.min(count, samples);
  let sum = 0;
  for (let i = 0; i < looked; i++) sum += bytes(i);
  return looked === 0 ? 0 : Math.round((sum / looked) * count);
}

export function memoryStats({ node, keyspace }: CommandContext): ServerReply {
  node.memory.sample();
  const { rss, external } = process.memoryUsage();
  const keys = keyspace.size;
  return new MapReply([
    'peak.allocated', node.memory.peak,
    'total.allocated', node.memory.used,
    'keys.count', keys,
    'keys.bytes-per-key', keys === 0 ? 0 : Math.floor(node.memory.used / keys),
    'peak.percentage', new ServerDouble(((node.memory.used / node.memory.peak) * 100).toFixed(2)),
    'allocator.resident', rss,
    'external.allocated', external,
    'fragmentation', new ServerDouble((rss / node.memory.used).toFixed(2)),
    'fragmentation.bytes', rss - node.memory.used,
  ]);
}

export function memoryDoctor({ node, keyspace }: CommandContext): ServerReply {
  node.memory.sample();
  const { used_heap_size: used, heap_size_limit: limit } = getHeapStatistics();
  const share = Math.round((used / limit) * 100);
  const advice = share > 80 ? 'The heap is nearly full: set maxmemory below its limit, or give the node more memory.' : 'No problem was found.';
  return new VerbatimReply(`${keyspace.size} keys. The heap uses ${humanBytes(used)} of at most ${humanBytes(limit)} (${share} %). ${advice}\n`);
}

export const memoryMallocStats = (): ServerReply =>
  new VerbatimReply(Object.entries(getHeapStatistics()).map(([name, value]) => `${name}:${value}\n`).join(''));

/** Does nothing, as in Redis without jemalloc: V8 returns unused memory to the system without a request. */
export const memoryPurge = (): ServerReply => OK;
