// Classifies transient errors and retries: growing pauses, a deadline, an event per attempt. Only for idempotent commands;
// keys/empty-slot.ts retries MIGRATE after it has read the remaining keys.
import { ConnectionLost } from '../../../client/connection-errors.js';
import { TribError, messageOf } from '../../../errors.js';
import { ReplyError } from '../../../resp/reply.js';
import { delay } from '../../node/delay.js';
import type { EventNode } from '../../node/event.js';
import type { MoverSettings } from '../pacing/options.js';

/** Error codes of transient states, also inside the target's error that the source quotes in its reply to MIGRATE. */
const TRANSIENT = /\b(IOERR|TRYAGAIN|CLUSTERDOWN|LOADING|MASTERDOWN|BUSY|UNBLOCKED|NOREPLICAS)\b/;
const UNKNOWN_NODE = /unknown node|don't know about node/i;

/** Whether the same command may succeed a little later. */
export function isTransient(error: unknown): boolean {
  if (error instanceof ConnectionLost) return true;
  if (error instanceof ReplyError) return TRANSIENT.test(error.message) || UNKNOWN_NODE.test(error.message);
  return error instanceof TribError && /^(E[A-Z]+|TIMEOUT)$/.test(error.code);
}

/** Failed attempts in a row before other masters are asked about a failover, and milliseconds between two such requests. */
const WITNESS_AFTER = 4;
const WITNESS_EVERY_MS = 1000;

/** Milliseconds that a source may fail to reach a target that it has never reached. */
const UNPROVEN_MS = 10_000;

/**
 * The state of something that is retried: a path to a target, a node. Shared by all slots that depend on it, so that one
 * failure is not repeated, and the source not blocked, once per slot.
 */
export class Health {
  private attempt = 0;
  private failingSince: number | undefined;
  private error: unknown;
  private failedForGood = false;
  private askedAt = 0;
  private worked = false;

  constructor(private readonly retryMs: number) {}

  /** Progress was made: resets the pauses and the deadline. */
  good(): void {
    this.worked = true;
    this.attempt = 0;
    this.failingSince = undefined;
  }

  /** Whether it has succeeded at least once. */
  get proven(): boolean {
    return this.worked;
  }

  /** Milliseconds to wait before the next attempt (20, doubling to 1000). Throws `error` when there is no next attempt. */
  bad(error: unknown): number {
    if (!isTransient(error)) throw error;
    this.failingSince ??= Date.now();
    if (!this.failedForGood) this.error = error;
    this.throwIfHopeless();
    return Math.min(20 * 2 ** this.attempt++, 1000);
  }

  /** True at most once a second while attempts keep failing; then other masters are asked about a failover. */
  wantsWitness(): boolean {
    const now = Date.now();
    if (this.attempt < WITNESS_AFTER || now - this.askedAt < WITNESS_EVERY_MS) return false;
    this.askedAt = now;
    return true;
  }

  /** Ends all retries: every later caller gets this error. */
  failPermanently(error: Error): void {
    this.failedForGood = true;
    this.error = error;
  }

  /** Throws the last error when nothing has succeeded for `retryMs`, or for UNPROVEN_MS when nothing ever has. */
  throwIfHopeless(): void {
    if (this.failedForGood || (this.failingSince !== undefined && Date.now() - this.failingSince > this.patienceMs)) throw this.error;
  }

  /**
   * A path that never worked (for example TLS against plain text) will not start to work, and each attempt blocks the source.
   */
  private get patienceMs(): number {
    const closed = !this.worked && this.error instanceof ReplyError && /\bIOERR\b/.test(this.error.message);
    return closed ? Math.min(this.retryMs, UNPROVEN_MS) : this.retryMs;
  }

  get attempts(): number {
    return this.attempt;
  }
}

/** Emits a retry event and waits before the next attempt, or throws `error` when there is none. */
export async function pause(settings: MoverSettings, health: Health, error: unknown, node: EventNode, slot?: number): Promise<void> {
  if (health.wantsWitness()) {
    const replaced = await settings.replaced();
    if (replaced !== undefined) health.failPermanently(replaced);
  }
  const delayMs = health.bad(error);
  const reason = messageOf(error);
  settings.emit({ kind: 'retry', node: { id: node.id, name: node.name }, reason, attempt: health.attempts, delayMs, ...(slot === undefined ? {} : { slot }) });
  await delay(delayMs, settings.signal);
}

/** Runs `work` until it succeeds, fails permanently, or the deadline passes. */
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
