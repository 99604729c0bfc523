// LCS: the longest common subsequence of two strings, its length, or the matching ranges.
import { ErrorReply, MapReply } from '../../../resp/server-reply.js';
import type { ServerReply } from '../../../resp/server-reply.js';
import { intArg, wordAfter } from '../../exec/arguments.js';
import type { CommandContext } from '../../exec/context.js';
import { SYNTAX } from '../../errors.js';
import { isString, stringLength, stringOf } from '../../types/value.js';
import type { StringValue } from '../../types/value.js';

const NOT_STRINGS = new ErrorReply('ERR The specified keys must contain string values');
const BOTH = new ErrorReply('ERR If you want both the length and indexes, please just use IDX.');
const TOO_BIG = new ErrorReply('ERR Insufficient memory, transient memory for LCS exceeds proto-max-bulk-len');

interface LcsOptions {
  len: boolean;
  idx: boolean;
  withMatchLen: boolean;
  minMatchLen: number;
}

function parseOptions(args: readonly string[]): LcsOptions {
  const options = { len: false, idx: false, withMatchLen: false, minMatchLen: 0 };
  for (let i = 3; i < args.length; i++) {
    const word = args[i]!.toUpperCase();
    if (word === 'LEN') options.len = true;
    else if (word === 'IDX') options.idx = true;
    else if (word === 'WITHMATCHLEN') options.withMatchLen = true;
    else if (word === 'MINMATCHLEN') options.minMatchLen = Math.max(0, intArg(wordAfter(args, i++)));
    else throw SYNTAX;
  }
  if (options.idx && options.len) throw BOTH;
  return options;
}

export function lcs(ctx: CommandContext, args: readonly string[]): ServerReply {
  const [first, second] = [args[1]!, args[2]!].map((key) => {
    const value = ctx.db.lookupRead(key) ?? '';
    if (!isString(value)) throw NOT_STRINGS;
    return value;
  }) as [StringValue, StringValue];
  const options = parseOptions(args);
  if ((stringLength(first) + 1) * (stringLength(second) + 1) * 4 > ctx.node.config.integer('proto-max-bulk-len')) throw TOO_BIG;
  const [a, b] = [stringOf(first), stringOf(second)];
  const table = lengths(a, b);
  const total = table[a.length * (b.length + 1) + b.length]!;
  if (options.len) return total;
  const { text, ranges } = walkBack(a, b, table);
  if (!options.idx) return text;
  const matches = ranges
    .filter((r) => r.length >= options.minMatchLen)
    .map((r): ServerReply => [
      [r.a, r.a + r.length - 1],
      [r.b, r.b + r.length - 1],
      ...(options.withMatchLen ? [r.length] : []),
    ]);
  return new MapReply(['matches', matches, 'len', total]);
}

/** Row-major table of common-subsequence lengths of all prefixes. */
function lengths(a: string, b: string): Uint32Array {
  const width = b.length + 1;
  const table = new Uint32Array((a.length + 1) * width);
  for (let i = 1; i <= a.length; i++) {
    for (let j = 1; j <= b.length; j++) {
      const same = a.charCodeAt(i - 1) === b.charCodeAt(j - 1);
      table[i * width + j] = same
        ? table[(i - 1) * width + j - 1]! + 1
        : Math.max(table[(i - 1) * width + j]!, table[i * width + j - 1]!);
    }
  }
  return table;
}

interface Range {
  a: number;
  b: number;
  length: number;
}

/** From the end to the start, as in Redis: the last match comes first, adjacent ones are merged. */
function walkBack(a: string, b: string, table: Uint32Array): { text: string; ranges: Range[] } {
  const width = b.length + 1;
  const chars: string[] = [];
  const ranges: Range[] = [];
  let open: Range | null = null;
  let i = a.length;
  let j = b.length;
  while (i > 0 && j > 0) {
    if (a[i - 1] === b[j - 1]) {
      chars.push(a[i - 1]!);
      i--;
      j--;
      if (open && open.a === i + 1 && open.b === j + 1) {
        open.a = i;
        open.b = j;
        open.length++;
      } else ranges.push((open = { a: i, b: j, length: 1 }));
    } else if (table[(i - 1) * width + j]! > table[i * width + j - 1]!) i--;
    else j--;
  }
  return { text: chars.reverse().join(''), ranges };
}
