// How heavy the keys of a source are, asked before they move (MEMORY USAGE): a key that stops the cluster must be seen
// beforehand. Most questions ride behind a MIGRATE that is sent anyway. Not here: what follows from sizes (weigh.ts).
import type { Arg } from '../../resp/command.js';
import type { Reply } from '../../resp/reply.js';
import type { ReplyError } from '../../resp/reply.js';

type Replies = readonly (Reply | ReplyError)[];

/** What a key counts for whose size nobody tells. */
const UNKNOWN_BYTES = 100;
/** States of keys without a size yet. */
const QUEUED = -1;
const ASKED = -2;

export const weighCommand = (key: string): Arg[] => ['MEMORY', 'USAGE', key];

/** The sizes of keys that are about to move from one source, until they have. */
export class Scales {
  /** Bytes, or a state. */
  private readonly sizes = new Map<string, number>();
  private queue: string[] = [];
  private waiting: (() => void)[] = [];

  /** These keys will be needed, in this order. */
  announce(keys: readonly string[]): void {
    for (const key of keys) {
      if (this.sizes.has(key)) continue;
      this.sizes.set(key, QUEUED);
      this.queue.push(key);
    }
  }

  /** Up to `max` keys to ask about now; call `learn` or `lost` with them. */
  take(max: number): string[] {
    const keys: string[] = [];
    let at = 0;
    for (; at < this.queue.length && keys.length < max; at++) {
      const key = this.queue[at] ?? '';
      if (this.sizes.get(key) !== QUEUED) continue;
      this.sizes.set(key, ASKED);
      keys.push(key);
    }
    this.queue = this.queue.slice(at);
    return keys;
  }

  learn(keys: readonly string[], replies: Replies): void {
    keys.forEach((key, index) => {
      const size = replies[index];
      if (this.sizes.has(key)) this.sizes.set(key, typeof size === 'number' ? size : UNKNOWN_BYTES);
    });
    this.wake();
  }

  /** The question got lost with its connection. */
  lost(keys: readonly string[]): void {
    for (const key of keys) {
      if (this.sizes.get(key) === ASKED) this.sizes.delete(key);
    }
    this.wake();
  }

  /** Resolves when all these keys have been weighed: asks about those that nobody has asked about. Rejects as `ask`. */
  async known(keys: readonly string[], ask: (keys: readonly string[]) => Promise<Replies>): Promise<void> {
    for (;;) {
      this.announce(keys);
      const missing = keys.filter((key) => (this.sizes.get(key) ?? QUEUED) < 0);
      if (missing.length === 0) return;
      const unasked = missing.filter((key) => this.sizes.get(key) === QUEUED);
      if (unasked.length === 0) await new Promise<void>((resolve) => this.waiting.push(resolve));
      else await this.askAbout(unasked, ask);
    }
  }

  sizeOf(key: string): number {
    const size = this.sizes.get(key) ?? UNKNOWN_BYTES;
    return size < 0 ? UNKNOWN_BYTES : size;
  }

  total(keys: readonly string[]): number {
    return keys.reduce((sum, key) => sum + this.sizeOf(key), 0);
  }

  forget(keys: readonly string[]): void {
    for (const key of keys) this.sizes.delete(key);
  }

  private async askAbout(keys: readonly string[], ask: (keys: readonly string[]) => Promise<Replies>): Promise<void> {
    for (const key of keys) this.sizes.set(key, ASKED);
    try {
      this.learn(keys, await ask(keys));
    } catch (error) {
      this.lost(keys);
      throw error;
    }
  }

  private wake(): void {
    const waiting = this.waiting;
    this.waiting = [];
    for (const resolve of waiting) resolve();
  }
}
