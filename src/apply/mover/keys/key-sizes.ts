// Sizes of a source's keys (MEMORY USAGE), requested before they move, so that a big key is known in advance. Most requests are
// pipelined behind a MIGRATE. Not here: what follows from sizes (pacing/batching.ts).
import type { Arg } from '../../../resp/command.js';
import type { Reply } from '../../../resp/reply.js';
import type { ReplyError } from '../../../resp/reply.js';

type Replies = readonly (Reply | ReplyError)[];

/** Size assumed for a key whose size is unknown. */
const UNKNOWN_BYTES = 100;
/** States of keys whose size is not known yet. */
const QUEUED = -1;
const ASKED = -2;

export const sizeCommand = (key: string): Arg[] => ['MEMORY', 'USAGE', key];

/** Sizes of keys that are about to move from one source, kept until they have moved. */
export class KeySizes {
  /** Size in bytes, or a state. */
  private readonly sizes = new Map<string, number>();
  private queue: string[] = [];
  private waiting: (() => void)[] = [];

  /** Queues keys whose sizes will be needed, in this order. */
  announce(keys: readonly string[]): void {
    for (const key of keys) {
      if (this.sizes.has(key)) continue;
      this.sizes.set(key, QUEUED);
      this.queue.push(key);
    }
  }

  /** Up to `max` keys to request sizes for. Call `learn` or `lost` with them. */
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

  /** The connection closed before the reply. */
  lost(keys: readonly string[]): void {
    for (const key of keys) {
      if (this.sizes.get(key) === ASKED) this.sizes.delete(key);
    }
    this.wake();
  }

  /** Resolves when the sizes of all these keys are known; requests those not requested yet. Rejects as `ask`. */
  async ensureKnown(keys: readonly string[], ask: (keys: readonly string[]) => Promise<Replies>): Promise<void> {
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
