// The list: a doubly linked chain of chunks, each an array with room at both ends. Push and pop at the ends are O(1); reaching
// index i walks n/128 chunks from the nearer end. Blocking pops are in exec/blocking.ts.

const CHUNK = 128;
/** Array length up to which the array grows exactly; push() would reserve room for 17 more. */
const EXACT_BELOW = 8;

/** Strings items[start..end); slots outside that window hold '' so that no string is kept alive. */
class Chunk {
  start = 0;
  end = 0;
  prev: Chunk | null = null;
  next: Chunk | null = null;
  constructor(public items: string[]) {}
}

/** The position of an index: a chunk and a slot of it. */
interface ListPosition {
  chunk: Chunk;
  slot: number;
}

export class ListValue {
  readonly kind = 'list';
  private head: Chunk;
  private tail: Chunk;
  private count = 0;

  constructor() {
    this.head = this.tail = new Chunk([]);
  }

  /** A list of `items`, head first. */
  static from(items: readonly string[]): ListValue {
    const list = new ListValue();
    for (const item of items) list.pushTail(item);
    return list;
  }

  get length(): number {
    return this.count;
  }

  pushTail(item: string): void {
    let chunk = this.tail;
    if (chunk.end === chunk.items.length && chunk.items.length >= CHUNK) {
      chunk = this.linkAfter(chunk, new Chunk([]));
    }
    if (chunk.end < chunk.items.length) chunk.items[chunk.end] = item;
    else if (chunk.end < EXACT_BELOW) chunk.items = chunk.items.toSpliced(chunk.end, 0, item);
    else chunk.items.push(item);
    chunk.end++;
    this.count++;
  }

  pushHead(item: string): void {
    let chunk = this.head;
    if (chunk.start === 0) chunk = this.roomInFront(chunk);
    chunk.items[--chunk.start] = item;
    this.count++;
  }

  popHead(): string | undefined {
    if (this.count === 0) return undefined;
    const chunk = this.head;
    const item = chunk.items[chunk.start];
    chunk.items[chunk.start++] = '';
    this.count--;
    if (chunk.start === chunk.end) this.unlink(chunk);
    return item;
  }

  popTail(): string | undefined {
    if (this.count === 0) return undefined;
    const chunk = this.tail;
    const item = chunk.items[--chunk.end];
    chunk.items[chunk.end] = '';
    this.count--;
    if (chunk.start === chunk.end) this.unlink(chunk);
    return item;
  }

  /** The item at `index`, counted from the tail when negative; undefined outside. */
  at(index: number): string | undefined {
    const place = this.locate(index);
    return place?.chunk.items[place.slot];
  }

  /** Replaces the item at `index` (negative from the tail). False when there is none. */
  set(index: number, item: string): boolean {
    const place = this.locate(index);
    if (place === null) return false;
    place.chunk.items[place.slot] = item;
    return true;
  }

  /** Items start..stop inclusive, with Redis's rules for negative and outside indexes (LRANGE). */
  range(start: number, stop: number): string[] {
    const n = this.count;
    const from = start < 0 ? Math.max(0, start + n) : start;
    const to = Math.min(stop < 0 ? stop + n : stop, n - 1);
    if (from > to) return [];
    const place = this.locate(from);
    const out: string[] = [];
    let left = to - from + 1;
    let slot = place?.slot ?? 0;
    for (let chunk = place?.chunk ?? null; chunk !== null && left > 0; chunk = chunk.next) {
      const upTo = Math.min(chunk.end, slot + left);
      left -= upTo - slot;
      for (; slot < upTo; slot++) out.push(chunk.items[slot] as string);
      slot = chunk.next?.start ?? 0;
    }
    return out;
  }

  /** Inserts before or after the first item equal to `pivot`. Returns the new length, or -1 when there is no pivot. */
  insert(pivot: string, item: string, before: boolean): number {
    for (let chunk: Chunk | null = this.head; chunk !== null; chunk = chunk.next) {
      for (let slot = chunk.start; slot < chunk.end; slot++) {
        if (chunk.items[slot] !== pivot) continue;
        this.insertAt(chunk, before ? slot : slot + 1, item);
        return this.count;
      }
    }
    return -1;
  }

  /** LREM: removes up to |count| items equal to `item`, from the tail when count < 0, all when 0. Returns their number. */
  remove(item: string, count: number): number {
    const limit = count === 0 ? Infinity : Math.abs(count);
    let removed = 0;
    let chunk: Chunk | null = count < 0 ? this.tail : this.head;
    while (chunk !== null && removed < limit) {
      const following: Chunk | null = count < 0 ? chunk.prev : chunk.next;
      removed += this.removeIn(chunk, item, limit - removed, count < 0);
      chunk = following;
    }
    return removed;
  }

  /** LTRIM: keeps start..stop inclusive, with the index rules of range(). */
  trim(start: number, stop: number): void {
    const n = this.count;
    const from = start < 0 ? Math.max(0, start + n) : start;
    const to = Math.min(stop < 0 ? stop + n : stop, n - 1);
    if (from > to) return this.clear();
    this.dropHead(from);
    this.dropTail(n - 1 - to);
  }

  /**
   * LPOS: indexes of items equal to `item`. `rank` ±k starts at the k-th match from the head or the tail; at most `count`
   * matches (0 = all) among the first `maxLen` compared items (0 = all).
   */
  positions(item: string, rank: number, count: number, maxLen: number): number[] {
    const found: number[] = [];
    const back = rank < 0;
    let toSkip = Math.abs(rank) - 1;
    const compare = maxLen === 0 ? this.count : Math.min(maxLen, this.count);
    let chunk: Chunk | null = back ? this.tail : this.head;
    for (let seen = 0; chunk !== null && seen < compare; chunk = back ? chunk.prev : chunk.next) {
      const size = chunk.end - chunk.start;
      for (let i = 0; i < size && seen < compare; i++, seen++) {
        if (chunk.items[back ? chunk.end - 1 - i : chunk.start + i] !== item) continue;
        if (toSkip-- > 0) continue;
        found.push(back ? this.count - 1 - seen : seen);
        if (found.length === count) return found;
      }
    }
    return found;
  }

  clear(): void {
    this.head = this.tail = new Chunk([]);
    this.count = 0;
  }

  toArray(): string[] {
    return this.range(0, -1);
  }

  clone(): ListValue {
    return ListValue.from(this.toArray());
  }

  *[Symbol.iterator](): Generator<string> {
    for (let chunk: Chunk | null = this.head; chunk !== null; chunk = chunk.next) {
      for (let slot = chunk.start; slot < chunk.end; slot++) yield chunk.items[slot] as string;
    }
  }

  private locate(index: number): ListPosition | null {
    const n = this.count;
    let left = index < 0 ? index + n : index;
    if (left < 0 || left >= n) return null;
    if (left <= n / 2) {
      let chunk = this.head;
      for (let size = chunk.end - chunk.start; left >= size; size = chunk.end - chunk.start) {
        left -= size;
        chunk = chunk.next as Chunk;
      }
      return { chunk, slot: chunk.start + left };
    }
    let fromEnd = n - left;
    let chunk = this.tail;
    for (let size = chunk.end - chunk.start; fromEnd > size; size = chunk.end - chunk.start) {
      fromEnd -= size;
      chunk = chunk.prev as Chunk;
    }
    return { chunk, slot: chunk.end - fromEnd };
  }

  /** Returns a head chunk with a free slot in front: the given one, widened, or a new chunk before it when that is full. */
  private roomInFront(chunk: Chunk): Chunk {
    const size = chunk.end;
    if (size >= CHUNK) {
      const fresh = new Chunk(new Array<string>(CHUNK).fill(''));
      fresh.start = fresh.end = CHUNK;
      fresh.next = chunk;
      chunk.prev = fresh;
      return (this.head = fresh);
    }
    const room = Math.min(CHUNK - size, Math.max(1, size));
    chunk.items = new Array<string>(room).fill('').concat(chunk.items.slice(0, size));
    chunk.start = room;
    chunk.end = room + size;
    return chunk;
  }

  private insertAt(chunk: Chunk, slot: number, item: string): void {
    if (chunk.end - chunk.start >= CHUNK) {
      const middle = chunk.start + (CHUNK >> 1);
      const upper = this.splitAt(chunk, middle);
      if (slot > middle) return this.insertAt(upper, slot - middle, item);
    }
    const window = chunk.items.slice(chunk.start, chunk.end);
    window.splice(slot - chunk.start, 0, item);
    this.refill(chunk, window);
    this.count++;
  }

  /** Moves the items from `slot` on into a new next chunk; returns it. */
  private splitAt(chunk: Chunk, slot: number): Chunk {
    const upper = this.linkAfter(chunk, new Chunk([]));
    this.refill(upper, chunk.items.slice(slot, chunk.end));
    this.refill(chunk, chunk.items.slice(chunk.start, slot));
    return upper;
  }

  private refill(chunk: Chunk, items: string[]): void {
    chunk.items = items;
    chunk.start = 0;
    chunk.end = items.length;
  }

  private removeIn(chunk: Chunk, item: string, limit: number, back: boolean): number {
    const kept: string[] = [];
    let removed = 0;
    const size = chunk.end - chunk.start;
    for (let i = 0; i < size; i++) {
      const current = chunk.items[back ? chunk.end - 1 - i : chunk.start + i] as string;
      if (current === item && removed < limit) removed++;
      else kept.push(current);
    }
    if (removed === 0) return 0;
    this.count -= removed;
    this.refill(chunk, back ? kept.reverse() : kept);
    if (kept.length === 0) this.unlink(chunk);
    else this.mergeNext(chunk);
    return removed;
  }

  /** Merges a chunk with its neighbour when both fit in half a chunk, so that scattered removals leave no tiny chunks. */
  private mergeNext(chunk: Chunk): void {
    const { next } = chunk;
    if (next === null || chunk.end - chunk.start + (next.end - next.start) > CHUNK >> 1) return;
    this.refill(next, chunk.items.slice(chunk.start, chunk.end).concat(next.items.slice(next.start, next.end)));
    this.refill(chunk, []);
    this.unlink(chunk);
  }

  private dropHead(amount: number): void {
    let left = amount;
    this.count -= amount;
    while (left > 0) {
      const chunk = this.head;
      const size = chunk.end - chunk.start;
      if (size > left) return this.refill(chunk, chunk.items.slice(chunk.start + left, chunk.end));
      left -= size;
      chunk.start = chunk.end;
      this.unlink(chunk);
    }
  }

  private dropTail(amount: number): void {
    let left = amount;
    this.count -= amount;
    while (left > 0) {
      const chunk = this.tail;
      const size = chunk.end - chunk.start;
      if (size > left) return this.refill(chunk, chunk.items.slice(chunk.start, chunk.end - left));
      left -= size;
      chunk.start = chunk.end;
      this.unlink(chunk);
    }
  }

  private linkAfter(chunk: Chunk, fresh: Chunk): Chunk {
    fresh.prev = chunk;
    fresh.next = chunk.next;
    if (chunk.next === null) this.tail = fresh;
    else chunk.next.prev = fresh;
    return (chunk.next = fresh);
  }

  /** Removes an empty chunk from the chain. The last one stays, reset, so that head and tail always exist. */
  private unlink(chunk: Chunk): void {
    const { prev, next } = chunk;
    if (prev === null && next === null) return this.refill(chunk, []);
    if (prev === null) this.head = next as Chunk;
    else prev.next = next;
    if (next === null) this.tail = prev as Chunk;
    else next.prev = prev;
  }
}
