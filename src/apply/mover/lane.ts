// The road keys travel from one source to one target: a connection to the source that carries MIGRATE and, right behind
// each, the question which keys are left. Measures how long the source was busy. Not here: what to do on errors (drain.ts),
// which keys go together (weigh.ts).
import { migrateCommand } from '../../client/migrate-command.js';
import type { Connection } from '../../client/connection.js';
import { asStrings } from '../../client/read-reply.js';
import { ReplyError } from '../../resp/reply.js';
import type { Reply } from '../../resp/reply.js';
import { delay } from '../delay.js';
import type { NodeLink } from '../node-link.js';
import type { MoverSettings } from './options.js';
import type { Way } from './pace.js';
import { Pace } from './pace.js';
import { Health } from './retry.js';
import type { RateLimit } from './throttle.js';
import { ReplicaWatch } from './throttle.js';

export interface Delivery {
  /** undefined = moved (or gone before it could be moved). */
  readonly error: ReplyError | undefined;
  /** Keys still in the slot, at most the next batch. */
  readonly left: readonly string[];
  readonly ms: number;
}

/** A batch is meant to take this share of the permitted stall, so that its neighbours fit in too. */
const BATCH_SHARE = 0.25;
/** Milliseconds of one batch at most: more saves little, and clients of both ends wait behind it. */
const BATCH_MS = 0.4;

/** What to send, and how. */
export interface Freight {
  readonly slot: number;
  readonly keys: readonly string[];
  /** Estimated size in memory. */
  readonly bytes: number;
  readonly replace: boolean;
  /** Set for a big key that goes alone: the timeout of its MIGRATE. */
  readonly ownTimeoutMs?: number;
}

export class Lane {
  readonly pace: Pace;
  /** Whether keys get through at all. */
  readonly health: Health;
  private connection: Connection | undefined;
  private dialling: Promise<Connection> | undefined;
  private roundTripMs = 0;
  private lastReply = 0;
  private readonly replicas: ReplicaWatch;

  constructor(
    private readonly source: NodeLink,
    private readonly target: NodeLink,
    private readonly budget: Way,
    private readonly rate: RateLimit,
    private readonly settings: MoverSettings,
  ) {
    this.replicas = new ReplicaWatch(target, settings);
    this.health = new Health(settings.retryMs);
    this.pace = new Pace({ batchMs: Math.min(settings.maxStallMs * BATCH_SHARE, BATCH_MS), maxKeys: settings.pipeline });
  }

  /**
   * Sends one MIGRATE and asks for the keys that are left. Rejects with ConnectionLost or a TribError of connecting:
   * then it is unknown which keys have moved. MIGRATE itself is never sent twice here.
   */
  async carry(freight: Freight): Promise<Delivery> {
    await this.replicas.keepUp(freight.bytes);
    const wait = this.rate.waitFor(freight.bytes, performance.now());
    // Whoever wants to stop wants the slots in flight finished soon.
    if (wait > 0) await delay(wait, this.settings.signal).catch(() => undefined);
    // A big key is alone at both ends.
    const cost = freight.ownTimeoutMs === undefined ? this.pace.estimateMs(freight.keys.length) : this.settings.maxStallMs;
    await this.budget.acquire(cost);
    try {
      this.health.throwIfHopeless(); // others may have found out while this one waited
      return await this.send(freight);
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

  private async send({ slot, keys, replace, ownTimeoutMs }: Freight): Promise<Delivery> {
    const connection = await this.open();
    const { host, port } = this.target.announced;
    const patience = ownTimeoutMs ?? this.settings.timeoutMs;
    const migrate = migrateCommand({ host, port, keys, replace, timeoutMs: patience, ...this.settings.credentials });
    const more = ['CLUSTER', 'GETKEYSINSLOT', slot, this.pace.batchKeys];
    const sentAt = performance.now();
    // The limit here only guards against a source that never answers: its own timeout is per socket operation.
    const replies = await connection.pipeline([migrate, more], { timeoutMs: patience * 4 + 60_000 });
    const now = performance.now();
    const ms = Math.max(0, now - Math.max(this.lastReply, sentAt + this.roundTripMs));
    this.lastReply = now;
    // What one big key took says nothing about the others.
    if (ownTimeoutMs === undefined) this.pace.learnTime(keys.length, ms);
    return delivery(keys, replies, ms);
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

function delivery(keys: readonly string[], replies: readonly (Reply | ReplyError)[], ms: number): Delivery {
  const [moved, left] = replies;
  const error = moved instanceof ReplyError ? moved : undefined;
  return { error, left: left instanceof ReplyError && error !== undefined ? keys : asStrings(left), ms };
}
