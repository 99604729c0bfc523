// The sorted set. Small: two parallel arrays in order (`listpack`). Big: the order in a tree, plus members and scores by
// position with an index, so that score lookups and random picks are O(1) (`skiplist`). Ranges are parsed in commands/zset/.

import type { EncodingLimits } from './limits.js';
import { lowerSlot, slotsBelowMember, slotsBelowScore, ZSetTree } from './zset-tree.js';
import type { ZRange } from './zset-tree.js';

/** Number of members up to which arrays grow exactly, to save memory. */
const EXACT_BELOW = 16;

export type { ZRange } from './zset-tree.js';

/** The order and the lookup of a sorted set above the listpack limits. */
interface Big {
  readonly tree: ZSetTree;
  /** member → its position in `members` and `scores`. */
  readonly index: Map<string, number>;
}

export class ZSetValue {
  readonly kind = 'zset';
  /** In (score, member) order while small; in no order once `big` is set. */
  private members: string[] = [];
  private scores: number[] = [];
  private big: Big | null = null;

  get size(): number {
    return this.members.length;
  }

  get encoding(): 'listpack' | 'skiplist' {
    return this.big === null ? 'listpack' : 'skiplist';
  }

  score(member: string): number | undefined {
    const at = this.position(member);
    return at < 0 ? undefined : this.scores[at];
  }

  has(member: string): boolean {
    return this.position(member) >= 0;
  }

  /** Adds a member or changes its score (never NaN); true when it is new. Converts when a new member exceeds a limit. */
  set(member: string, score: number, limits: EncodingLimits): boolean {
    const at = this.position(member);
    if (at >= 0) {
      this.rescore(at, member, score);
      return false;
    }
    if (this.big === null && this.outgrows(member, limits)) this.convertToSkiplist();
    if (this.big === null) this.insertSmall(member, score);
    else this.insertBig(this.big, member, score);
    return true;
  }

  /** Removes a member; true when it existed. */
  delete(member: string): boolean {
    const at = this.position(member);
    if (at < 0) return false;
    if (this.big === null) {
      this.members.splice(at, 1);
      this.scores.splice(at, 1);
    } else {
      this.deleteBig(this.big, at, member);
    }
    return true;
  }

  /** 0-based rank from the lowest score; -1 when the member does not exist. */
  rank(member: string): number {
    const at = this.position(member);
    if (at < 0 || this.big === null) return at;
    return this.big.tree.rank(this.scores[at] as number, member);
  }

  /** Number of members with a score below `score` (or equal, when `inclusive`). */
  countBelowScore(score: number, inclusive: boolean): number {
    if (this.big === null) return slotsBelowScore(this.scores, score, inclusive);
    return this.big.tree.countBelowScore(score, inclusive);
  }

  /** Number of members that sort below `member` (or equal, when `inclusive`); requires equal scores. */
  countBelowMember(member: string, inclusive: boolean): number {
    if (this.big === null) return slotsBelowMember(this.members, member, inclusive);
    return this.big.tree.countBelowMember(member, inclusive);
  }

  /** Up to `amount` members upwards from rank `start` (≥ 0). */
  range(start: number, amount: number): ZRange {
    const take = Math.min(amount, this.size - start);
    if (take <= 0) return { members: [], scores: [] };
    if (this.big === null) {
      return { members: this.members.slice(start, start + take), scores: this.scores.slice(start, start + take) };
    }
    const out: ZRange = { members: [], scores: [] };
    this.big.tree.collect(start, take, out);
    return out;
  }

  /** Up to `amount` members downwards from rank `start`, which is counted from the lowest score. */
  rangeDown(start: number, amount: number): ZRange {
    const take = Math.min(amount, start + 1);
    if (take <= 0) return { members: [], scores: [] };
    if (this.big === null) {
      const from = start + 1 - take;
      return {
        members: this.members.slice(from, start + 1).reverse(),
        scores: this.scores.slice(from, start + 1).reverse(),
      };
    }
    const out: ZRange = { members: [], scores: [] };
    this.big.tree.collectDown(start, take, out);
    return out;
  }

  /** Removes up to `amount` members upwards from rank `start`; returns their number (ZREMRANGEBY*). */
  deleteRange(start: number, amount: number): number {
    if (this.big === null) {
      this.scores.splice(start, amount);
      return this.members.splice(start, amount).length;
    }
    const { members } = this.range(start, amount);
    for (const member of members) this.delete(member);
    return members.length;
  }

  /** The member with the lowest score; undefined when empty. */
  get minMember(): string | undefined {
    return this.big === null || this.size === 0 ? this.members[0] : this.big.tree.minMember;
  }

  /** The member with the highest score; undefined when empty. */
  get maxMember(): string | undefined {
    return this.big === null || this.size === 0 ? this.members.at(-1) : this.big.tree.maxMember;
  }

  /** The member at position 0..size-1, in no particular order; for random picks. */
  memberAt(position: number): string {
    return this.members[position] as string;
  }

  /** The score of memberAt(position). */
  scoreAt(position: number): number {
    return this.scores[position] as number;
  }

  /** One ZSCAN step: appends to `out`, returns the next cursor, 0 at the end. Same walk as HashValue.scan. */
  scan(cursor: number, count: number, out: ZRange): number {
    let at = cursor === 0 ? this.size : Math.min(cursor, this.size);
    if (this.big === null) {
      for (let i = 0; i < this.size; i++) this.emit(i, out);
      return 0;
    }
    const stop = Math.max(0, at - count);
    while (at > stop) this.emit(--at, out);
    return stop;
  }

  /** Converts to a skiplist permanently. */
  convertToSkiplist(): void {
    if (this.big !== null) return;
    const big: Big = { tree: new ZSetTree(), index: new Map() };
    for (let i = 0; i < this.members.length; i++) {
      const member = this.members[i] as string;
      big.tree.insert(this.scores[i] as number, member);
      big.index.set(member, i);
    }
    this.big = big;
  }

  clone(): ZSetValue {
    const copy = new ZSetValue();
    copy.members = this.members.slice();
    copy.scores = this.scores.slice();
    if (this.big === null) return copy;
    const tree = new ZSetTree();
    const { members, scores } = this.range(0, this.size);
    for (let i = 0; i < members.length; i++) tree.insert(scores[i] as number, members[i] as string);
    copy.big = { tree, index: new Map(this.big.index) };
    return copy;
  }

  private position(member: string): number {
    return this.big === null ? this.members.indexOf(member) : (this.big.index.get(member) ?? -1);
  }

  private outgrows(member: string, limits: EncodingLimits): boolean {
    return this.size + 1 > limits.zsetMaxListpackEntries || member.length > limits.zsetMaxListpackValue;
  }

  private rescore(at: number, member: string, score: number): void {
    const old = this.scores[at] as number;
    if (old === score) return;
    if (this.big === null) {
      this.members.splice(at, 1);
      this.scores.splice(at, 1);
      this.insertSmall(member, score);
      return;
    }
    this.big.tree.delete(old, member);
    this.big.tree.insert(score, member);
    this.scores[at] = score;
  }

  /** A listpack stores integral scores as integers, so -0 loses its sign there (persistence-replication.md 9.1). */
  private insertSmall(member: string, score: number): void {
    const slot = lowerSlot(this.members, this.scores, score, member);
    if (this.size < EXACT_BELOW) {
      this.members = this.members.toSpliced(slot, 0, member);
      this.scores = this.scores.toSpliced(slot, 0, score + 0);
      return;
    }
    this.members.splice(slot, 0, member);
    this.scores.splice(slot, 0, score + 0);
  }

  private insertBig(big: Big, member: string, score: number): void {
    // Before other changes, because it may fail: a Map holds 2^24 entries.
    big.index.set(member, this.members.length);
    big.tree.insert(score, member);
    this.members.push(member);
    this.scores.push(score);
  }

  private deleteBig(big: Big, at: number, member: string): void {
    big.tree.delete(this.scores[at] as number, member);
    big.index.delete(member);
    const lastMember = this.members.pop() as string;
    const lastScore = this.scores.pop() as number;
    if (at === this.members.length) return;
    this.members[at] = lastMember;
    this.scores[at] = lastScore;
    big.index.set(lastMember, at);
  }

  private emit(position: number, out: ZRange): void {
    out.members.push(this.members[position] as string);
    out.scores.push(this.scores[position] as number);
  }
}
