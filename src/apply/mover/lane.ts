// The road keys travel from one source to one target: a connection to the source that carries MIGRATE and, right behind
// each, the question which keys are left. Measures how long the source was busy. Not here: what to do on errors (drain.ts).
import { migrateCommand } from '../../client/migrate-command.js';
import type { Connection } from '../../client/connection.js';
import { asStrings } from '../../client/read-reply.js';
import { ReplyError } from '../../resp/reply.js';
import type { Reply } from '../../resp/reply.js';
import type { NodeLink } from '../node-link.js';
import type { MoverSettings } from './options.js';
import type { Way } from './pace.js';
import { Pace } from './pace.js';
import { Health } from './retry.js';

export interface Delivery {
  /** undefined = moved (or gone before it could be moved). */
  readonly error: ReplyError | undefined;
  /** Keys still in the slot, at most the next batch. */
  readonly left: readonly string[];
  readonly bytes: number;
  readonly ms: number;
}

/** A batch is meant to take this share of the permitted stall, so that its neighbours fit in too. */
const BATCH_SHARE = 0.25;
/** Milliseconds of one batch at most: more saves little, and clients of both ends wait behind it. */
const BATCH_MS = 0.4;

export class Lane {
  readonly pace: Pace;
  /** Whether keys get through at all. */
  readonly health: Health;
  private connection: Connection | undefined;
  private dialling: Promise<Connection> | undefined;
  private roundTripMs = 0;
  private lastReply = 0;

  constructor(
    private readonly source: NodeLink,
    private readonly target: NodeLink,
    private readonly budget: Way,
    private readonly settings: MoverSettings,
  ) {
    this.health = new Health(settings.retryMs);
    this.pace = new Pace({ batchMs: Math.min(settings.maxStallMs * BATCH_SHARE, BATCH_MS), maxKeys: settings.pipeline, maxBytes: settings.maxBatchBytes });
  }

  /**
   * Sends one MIGRATE and asks for the keys that are left. Rejects with ConnectionLost or a TribError of connecting:
   * then it is unknown which keys have moved. MIGRATE itself is never sent twice here.
   */
  async carry(slot: number, keys: readonly string[], replace: boolean): Promise<Delivery> {
    const cost = this.pace.estimateMs(keys.length);
    await this.budget.acquire(cost);
    try {
      this.health.throwIfHopeless(); // others may have found out while this one waited
      return await this.send(slot, keys, replace);
    } finally {
      this.budget.release(cost);
    }
  }

  /** Milliseconds to the source and back when it is idle. Dials when need be; rejects as Connection.connect. */
  async distance(): Promise<number> {
    await this.open();
    return this.roundTripMs;
  }

  close(): void {
    this.connection?.close();
  }

  private async send(slot: number, keys: readonly string[], replace: boolean): Promise<Delivery> {
    const connection = await this.open();
    const { host, port } = this.target.announced;
    const migrate = migrateCommand({ host, port, keys, replace, timeoutMs: this.settings.timeoutMs, ...this.settings.credentials });
    const more = ['CLUSTER', 'GETKEYSINSLOT', slot, this.pace.batchKeys];
    const sentAt = performance.now();
    // The limit here only guards against a source that never answers: its own timeout is per socket operation.
    const timeoutMs = this.settings.timeoutMs * 4 + 60_000;
    const replies = await connection.pipeline([['MEMORY', 'USAGE', keys[0] ?? ''], migrate, more], { timeoutMs });
    return this.measure(keys, replies, sentAt);
  }

  private measure(keys: readonly string[], replies: readonly (Reply | ReplyError)[], sentAt: number): Delivery {
    const [size, moved, left] = replies;
    const now = performance.now();
    const ms = Math.max(0, now - Math.max(this.lastReply, sentAt + this.roundTripMs));
    this.lastReply = now;
    if (typeof size === 'number') this.pace.learnBytes(size);
    this.pace.learnTime(keys.length, ms);
    const error = moved instanceof ReplyError ? moved : undefined;
    return { error, left: left instanceof ReplyError && error !== undefined ? keys : asStrings(left), bytes: this.pace.estimateBytes(keys.length), ms };
  }

  private async open(): Promise<Connection> {
    if (this.connection?.isOpen === true) return this.connection;
    this.dialling ??= this.dial().finally(() => (this.dialling = undefined));
    return this.dialling;
  }

  private async dial(): Promise<Connection> {
    const connection = await this.source.dial();
    let best = Infinity;
    for (let sample = 0; sample < 3; sample++) {
      const start = performance.now();
      await connection.command(['PING']);
      best = Math.min(best, performance.now() - start);
    }
    if (this.roundTripMs === 0) this.budget.allowForDistance(best);
    this.roundTripMs = best;
    this.lastReply = performance.now();
    this.connection = connection;
    return connection;
  }
}
