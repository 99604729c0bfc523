// Which errors may pass if one tries again, and trying again: growing pauses, a deadline, an event each time.
// Only used for commands that may be repeated safely; MIGRATE goes through drain.ts, which looks before it repeats.
import { ConnectionLost } from '../../client/connection-errors.js';
import { TribError } from '../../errors.js';
import { ReplyError } from '../../resp/reply.js';
import { delay } from '../delay.js';
import type { EventNode } from '../event.js';
import type { MoverSettings } from './options.js';

/** Words of replies (also of the target's, quoted inside the source's reply to MIGRATE) that stand for a passing state. */
const PASSING = /\b(IOERR|TRYAGAIN|CLUSTERDOWN|LOADING|MASTERDOWN|BUSY|UNBLOCKED|NOREPLICAS)\b/;
const UNKNOWN_NODE = /unknown node|don't know about node/i;

/** True when the same command may succeed a little later. */
export function mayPass(error: unknown): boolean {
  if (error instanceof ConnectionLost) return true;
  if (error instanceof ReplyError) return PASSING.test(error.message) || UNKNOWN_NODE.test(error.message);
  return error instanceof TribError && /^(E[A-Z]+|TIMEOUT)$/.test(error.code);
}

/** Failed attempts in a row before others are asked whether a node has been replaced, and how often. */
const WITNESS_AFTER = 4;
const WITNESS_EVERY_MS = 1000;

/**
 * How one thing that is tried again and again is doing: a road to a target, a node. Shared by all who depend on it, so
 * that a hundred slots don't each find out for themselves, one blocked source after the other, that the target is gone.
 */
export class Health {
  private attempt = 0;
  private failingSince: number | undefined;
  private error: unknown;
  private doomed = false;
  private askedAt = 0;

  constructor(private readonly retryMs: number) {}

  /** Progress was made: pauses start small again, and so does the deadline. */
  good(): void {
    this.attempt = 0;
    this.failingSince = undefined;
  }

  /** Milliseconds to wait before the next attempt (20, doubling to 1000), or throws `error` when there is to be none. */
  bad(error: unknown): number {
    if (!mayPass(error)) throw error;
    this.failingSince ??= Date.now();
    if (!this.doomed) this.error = error;
    this.throwIfHopeless();
    return Math.min(20 * 2 ** this.attempt++, 1000);
  }

  /** True once a second while things have been going wrong for a while: time to ask others what has happened. */
  wantsWitness(): boolean {
    const now = Date.now();
    if (this.attempt < WITNESS_AFTER || now - this.askedAt < WITNESS_EVERY_MS) return false;
    this.askedAt = now;
    return true;
  }

  /** It will never get better: everybody who asks from now on gets this error. */
  doom(error: Error): void {
    this.doomed = true;
    this.error = error;
  }

  /** Throws the last error when nothing has worked for `retryMs`. */
  throwIfHopeless(): void {
    if (this.doomed || (this.failingSince !== undefined && Date.now() - this.failingSince > this.retryMs)) throw this.error;
  }

  get attempts(): number {
    return this.attempt;
  }
}

/** Waits before the next attempt and tells about it, or throws `error` when there is to be none. */
export async function pause(settings: MoverSettings, health: Health, error: unknown, node: EventNode, slot?: number): Promise<void> {
  if (health.wantsWitness()) {
    const replaced = await settings.replaced();
    if (replaced !== undefined) health.doom(replaced);
  }
  const delayMs = health.bad(error);
  const reason = error instanceof Error ? error.message : String(error);
  settings.emit({ kind: 'retry', node: { id: node.id, name: node.name }, reason, attempt: health.attempts, delayMs, ...(slot === undefined ? {} : { slot }) });
  await delay(delayMs, settings.signal);
}

/** Runs `work` until it succeeds, fails for good, or time is up. */
export async function retrying<T>(settings: MoverSettings, node: EventNode, work: () => Promise<T>): Promise<T> {
  const health = new Health(settings.retryMs);
  for (;;) {
    try {
      return await work();
    } catch (error) {
      await pause(settings, health, error, node);
    }
  }
}
