// The elements of a value that is too large for one slice, read part by part. After `detach` later changes have no effect on
// them. Which values are large is decided here. Not here: how parts are written (format.ts).
import type { HashValue } from '../../types/hash.js';
import type { ListValue } from '../../types/list.js';
import { RawString } from '../../types/raw-string.js';
import type { SetValue } from '../../types/set.js';
import type { Value } from '../../types/value.js';
import type { ZSetValue } from '../../types/zset.js';

/** Maximum elements of a collection that is written in one piece: one or two milliseconds. */
const MAX_ELEMENTS = 8192;
/** Maximum bytes of a value that is written in one piece. */
const MAX_BYTES = 1024 * 1024;
/** Elements of a part, and bytes of a part of a string. */
const PART_ELEMENTS = 256;
const PART_BYTES = 64 * 1024;
/** Bytes of memory that a copied reference costs. */
const REFERENCE = 8;

export type LargeKind = 'string' | 'list' | 'set' | 'hash' | 'zset';

/** Items in order: pieces of a string, elements, members, or fields and values in turn. `scores` belong to members. */
export interface LargePart {
  readonly items: readonly string[];
  readonly scores: readonly number[];
}

export interface LargeValue {
  readonly kind: LargeKind;
  /** Bytes of a string, elements, or fields. */
  readonly count: number;
  /** The next part; null when everything was taken. */
  next(): LargePart | null;
  /** Copies what was not taken yet, so that the value may change. Returns the bytes of memory the copy costs, roughly. */
  detach(): number;
}

/** How a large value can be read in parts; null when it is small enough for one piece. */
export function largeValue(value: Value): LargeValue | null {
  if (typeof value === 'number') return null;
  if (typeof value === 'string') return value.length <= MAX_BYTES ? null : new Parts('string', value.length, PART_BYTES, liveText(value));
  if (value instanceof RawString) return value.length <= MAX_BYTES ? null : new Parts('string', value.length, PART_BYTES, liveBytes(value));
  switch (value.kind) {
    case 'list':
      return isLarge(value.length, value) ? new Parts('list', value.length, PART_ELEMENTS, liveList(value)) : null;
    case 'set':
      if (value.encoding !== 'hashtable' || !isLarge(value.size, elements(value.size, (i) => value.memberAt(i)))) return null;
      return new Parts('set', value.size, PART_ELEMENTS, liveSet(value));
    case 'hash':
      if (value.encoding !== 'hashtable' || !isLarge(value.size, elements(value.size, (i) => value.valueAt(i)))) return null;
      return new Parts('hash', value.size, PART_ELEMENTS, liveHash(value));
    case 'zset':
      if (value.encoding !== 'skiplist' || !isLarge(value.size, elements(value.size, (i) => value.memberAt(i)))) return null;
      return new Parts('zset', value.size, PART_ELEMENTS, liveZSet(value));
  }
}

function isLarge(count: number, items: Iterable<string>): boolean {
  if (count > MAX_ELEMENTS) return true;
  let bytes = 0;
  for (const { length } of items) if ((bytes += length) > MAX_BYTES) return true;
  return false;
}

function* elements(count: number, at: (i: number) => string): Generator<string> {
  for (let i = 0; i < count; i++) yield at(i);
}

/** Reads a part: at most `amount` elements (or bytes), after the first `from`. */
interface Reader {
  read(from: number, amount: number): LargePart;
}

/** Elements copied from a value. Positions are those in the value. */
interface Copied extends Reader {
  /** Bytes of memory, roughly. */
  readonly cost: number;
}

/** Elements read from the value itself: to be copied before it changes. */
interface Live extends Reader {
  copy(from: number): Copied;
}

class Parts implements LargeValue {
  private taken = 0;
  private reader: Reader;

  constructor(readonly kind: LargeKind, readonly count: number, private readonly size: number, private live: Live | null) {
    this.reader = live!;
  }

  next(): LargePart | null {
    if (this.taken >= this.count) return null;
    const part = this.reader.read(this.taken, this.size);
    this.taken += this.size;
    return part;
  }

  detach(): number {
    if (this.live === null || this.taken >= this.count) return 0;
    const copied = this.live.copy(this.taken);
    this.live = null;
    this.reader = copied;
    return copied.cost;
  }
}

const part = (items: readonly string[], scores: readonly number[] = []): LargePart => ({ items, scores });

function liveText(text: string): Live {
  const read = (from: number, amount: number): LargePart => part([text.slice(from, from + amount)]);
  return { read, copy: () => ({ read, cost: 0 }) }; // strings do not change
}

function liveBytes(value: RawString): Live {
  return {
    read: (from, amount) => part([value.slice(from, from + amount)]),
    copy: (from) => {
      const bytes = Buffer.from(value.bytes.subarray(from));
      return { read: (at, amount) => part([bytes.toString('latin1', at - from, at - from + amount)]), cost: bytes.length };
    },
  };
}

/** Items from element `first` on; `width` of them are one element. */
function copiedItems(items: readonly string[], first: number, width: number): Copied {
  return { read: (from, amount) => part(items.slice((from - first) * width, (from - first + amount) * width)), cost: items.length * REFERENCE };
}

function liveList(list: ListValue): Live {
  const iterator = list[Symbol.iterator]();
  const read = (_from: number, amount: number): LargePart => {
    const items: string[] = [];
    for (let left = amount; left > 0; left--) {
      const { value, done } = iterator.next();
      if (done === true) break;
      items.push(value);
    }
    return part(items);
  };
  return { read, copy: (from) => copiedItems(list.range(from, -1), from, 1) };
}

function liveSet(set: SetValue): Live {
  return {
    read: (from, amount) => part([...elements(Math.min(amount, set.size - from), (i) => set.memberAt(from + i))]),
    copy: () => copiedItems(set.members(), 0, 1),
  };
}

function liveHash(hash: HashValue): Live {
  const read = (from: number, amount: number): LargePart => {
    const items: string[] = [];
    const end = Math.min(from + amount, hash.size);
    for (let i = from; i < end; i++) items.push(hash.fieldAt(i), hash.valueAt(i));
    return part(items);
  };
  return { read, copy: () => copiedItems(hash.entries(), 0, 2) };
}

/** Highest score first, as real servers write: a loader then always inserts at the front. */
function liveZSet(zset: ZSetValue): Live {
  const down = (from: number, amount: number): LargePart => {
    const { members, scores } = zset.rangeDown(zset.size - 1 - from, amount);
    return part(members, scores);
  };
  return { read: down, copy: (from) => copiedRanks(down(from, zset.size - from), from) };
}

function copiedRanks({ items, scores }: LargePart, first: number): Copied {
  const slice = <T>(all: readonly T[], from: number, amount: number): T[] => all.slice(from - first, from - first + amount);
  return { read: (from, amount) => part(slice(items, from, amount), slice(scores, from, amount)), cost: 2 * items.length * REFERENCE };
}
