// Channel that sends MIGRATE for one database from one source to one target, pipelines a request for the keys left, and
// measures how long each call blocks the source. Not here: error handling (empty-slot.ts), batch selection
// (pacing/batching.ts).
import type { Address } from '../../../cluster/address.js';
import { encodeRoute, type NodeCredentials } from '../../../client/migrate-command.js';
import type { Connection, PipelineReply } from '../../../client/connection.js';
import { asBulks } from '../../../client/read-reply.js';
import { BulkList } from '../../../resp/bulk-list.js';
import { encodeCommands, encodeWords, joinCommand, type EncodedWords } from '../../../resp/command.js';
import { ReplyError } from '../../../resp/reply.js';
import { delay } from '../../node/delay.js';
import type { NodeLink } from '../../node/node-link.js';
import type { MoverSettings } from '../pacing/options.js';
import type { StallWindow } from '../pacing/batch-sizing.js';
import { BatchSizer } from '../pacing/batch-sizing.js';
import { timeoutOf } from './big-key.js';
import { Health } from '../safety/retry.js';
import { meanSizeIfSmall } from './big-key-bound.js';
import { KeySizes, sizeCommand } from './key-sizes.js';
import { StallWarning } from '../safety/stall-warning.js';
import type { RateLimit } from '../pacing/throttle.js';
import { ReplicaWatch } from '../pacing/throttle.js';
import { nextBatch } from '../pacing/batching.js';

export interface MigrateReply {
  /** undefined: moved, or expired or deleted before the move. */
  readonly error: ReplyError | undefined;
  /** Keys still in the slot, at most one batch. */
  readonly left: BulkList;
  readonly ms: number;
}

/** Share of the permitted stall that one batch may take, so that other channels fit in. */
const BATCH_SHARE = 0.25;
/** Number of keys of the next batches whose sizes are requested together with the current MIGRATE. */
const SIZES_AHEAD = 32;
const KEYS_IN_SLOT = encodeWords(['CLUSTER', 'GETKEYSINSLOT']);

/** Socket operations of one MIGRATE that may each take its timeout: connect, send, read the reply. */
const OPERATIONS = 3;
/** Milliseconds without a reply from a source after which the user is warned. */
const WARN_AFTER_MS = 10_000;

/** The content of one MIGRATE. */
export interface MigrateBatch {
  readonly slot: number;
  readonly keys: BulkList;
  /** Size in memory as reported by the source. */
  readonly bytes: number;
  readonly replace: boolean;
  /** The timeout of this MIGRATE; set for a big key that moves alone. */
  readonly ownTimeoutMs?: number;
}

/** The encoded head of MIGRATE, reused while none of these fields changes. */
interface MigrateHeader {
  readonly replace: boolean;
  readonly timeoutMs: number;
  readonly credentials: NodeCredentials;
  readonly encoded: EncodedWords;
}

/** A share of both nodes' stall budgets; release it with end(). */
export interface BudgetShare {
  end(): void;
}

/** The nodes between which keys move. */
export interface MigratePath {
  readonly source: NodeLink;
  readonly target: NodeLink;
  /** The target's address as seen from the source. */
  readonly route: Address;
  /**
   * Milliseconds of MIGRATE's timeout until one call has succeeded. Below cluster-node-timeout, because the target may be
   * unreachable from the source.
   */
  readonly firstTimeoutMs: number;
}

export class MigrateChannel {
  readonly sizer: BatchSizer;
  private connection: Connection | undefined;
  private dialling: Promise<Connection> | undefined;
  private lastRoute: MigrateHeader | undefined;
  private sendingAlone: Promise<void> = Promise.resolve();
  private roundTripMs = 0;
  private lastReply = 0;
  private readonly silence: StallWarning;
  private readonly replicas: ReplicaWatch;
  /** Sizes of the next keys. */
  private readonly keySizes = new KeySizes();
  /** Mean size of the source's keys when none can be big; then MEMORY USAGE is not requested. */
  private lightBytes: number | undefined;

  private readonly source: NodeLink;
  private readonly target: NodeLink;

  constructor(
    private readonly path: MigratePath,
    private readonly budget: StallWindow,
    private readonly rate: RateLimit,
    private readonly settings: MoverSettings,
    batchMs: () => number,
    /** Database number, the same on source and target. */
    readonly database = 0,
    /** Whether MIGRATE reaches the target; shared by all databases of a pair. */
    readonly health = new Health(settings.retryMs),
  ) {
    ({ source: this.source, target: this.target } = path);
    this.replicas = new ReplicaWatch(this.target, settings);
    const takesMs = settings.timeoutMs * OPERATIONS;
    const tellAfterMs = Math.min(WARN_AFTER_MS, takesMs);
    this.silence = new StallWarning(tellAfterMs, () => this.warnOfStall(tellAfterMs, takesMs));
    const stallMs = settings.maxStallMs * BATCH_SHARE;
    this.sizer = new BatchSizer({ batchMs: () => Math.min(stallMs, batchMs()), stallMs, maxKeys: settings.pipeline });
  }

  /** Waits for budget to move about `keys` keys. */
  async acquire(keys: number): Promise<BudgetShare> {
    return this.acquireBudget(this.sizer.estimateMs(Math.min(keys, this.sizer.offerKeys)));
  }

  /** Selects the leading keys that fit one batch by size. A big key moves alone and takes the whole budget of both nodes. */
  async fill(share: BudgetShare, slot: number, offered: BulkList, replace: boolean): Promise<{ batch: MigrateBatch; share: BudgetShare }> {
    const fit = offered.length > this.sizer.offerKeys ? offered.first(this.sizer.batchKeys) : offered;
    if (this.lightBytes !== undefined) {
      const keys = fit.first(Math.max(1, Math.floor(this.settings.maxBatchBytes / this.lightBytes)));
      return { batch: { slot, keys, bytes: keys.length * this.lightBytes, replace }, share };
    }
    const connection = await this.source.connection(this.database);
    await this.keySizes.ensureKnown(offered.words, (keys) => connection.pipeline(keys.map(sizeCommand)));
    const { keys, bytes, big } = nextBatch(fit.words, (key) => this.keySizes.sizeOf(key), this.settings.maxBatchBytes);
    const batch = { slot, keys: BulkList.of(keys), bytes, replace };
    if (!big) return { batch, share };
    const { source, target, settings } = this;
    const ownTimeoutMs = await timeoutOf({ slot, key: keys[0] ?? '', bytes, source, target }, connection, settings);
    share.end();
    return { batch: { ...batch, ownTimeoutMs }, share: await this.acquireBudget(settings.maxStallMs) };
  }

  /**
   * Sends one MIGRATE and requests the keys left. Rejects with ConnectionLost or a TribError of connecting; which keys have
   * moved is unknown then. Never sends MIGRATE twice.
   */
  async migrate(batch: MigrateBatch): Promise<MigrateReply> {
    await this.replicas.keepUp(batch.bytes);
    const wait = this.rate.waitFor(batch.bytes, performance.now());
    // After an abort, finish the open slots without waiting for the rate limit.
    if (wait > 0) await delay(wait, this.settings.signal).catch(() => undefined);
    this.health.throwIfHopeless(); // Another batch may have failed meanwhile.
    return this.health.proven ? this.send(batch) : this.sendAlone(batch);
  }

  /**
   * Until one MIGRATE has succeeded, sends one at a time. When the target is unreachable each call blocks the source until its
   * timeout; queued calls would block it again one after another.
   */
  private async sendAlone(batch: MigrateBatch): Promise<MigrateReply> {
    const before = this.sendingAlone;
    let over = (): void => undefined;
    this.sendingAlone = new Promise((resolve) => (over = resolve));
    try {
      await before;
      this.health.throwIfHopeless();
      const delivery = await this.send(batch);
      if (delivery.error === undefined) this.health.good();
      return delivery;
    } finally {
      over();
    }
  }

  /**
   * Measures the source's idle round trip in milliseconds and finds out whether key sizes are needed. Dials if needed; rejects
   * as Connection.connect.
   */
  async measure(): Promise<{ readonly roundTripMs: number }> {
    const connection = await this.open();
    this.lightBytes = await meanSizeIfSmall(connection);
    return { roundTripMs: this.roundTripMs };
  }

  /** Queues keys that will be offered, in this order. */
  announce(keys: BulkList): void {
    if (this.lightBytes === undefined) this.keySizes.announce(keys.words);
  }

  /** Total size of offered keys, as far as it is known. */
  bytesOf(keys: readonly string[]): number {
    return this.lightBytes === undefined ? this.keySizes.total(keys) : keys.length * this.lightBytes;
  }

  /** Drops the sizes of keys that have moved. */
  forget(keys: BulkList): void {
    if (this.lightBytes === undefined) this.keySizes.forget(keys.words);
  }

  close(): void {
    this.silence.close();
    this.connection?.close();
  }

  private async acquireBudget(cost: number): Promise<BudgetShare> {
    await this.budget.acquire(cost);
    let held = true;
    return {
      end: () => {
        if (held) this.budget.release(cost);
        held = false;
      },
    };
  }

  private async send({ slot, keys, replace, ownTimeoutMs }: MigrateBatch): Promise<MigrateReply> {
    const connection = await this.open();
    const { timeoutMs } = this.settings;
    const patience = ownTimeoutMs ?? (this.health.proven ? timeoutMs : Math.min(timeoutMs, this.path.firstTimeoutMs));
    const migrate = joinCommand(this.route(replace, patience), keys);
    const more = joinCommand(KEYS_IN_SLOT, encodeWords([slot, this.sizer.offerKeys + 1]));
    const sizeKeys = this.keySizes.take(keys.length + SIZES_AHEAD);
    const sentAt = performance.now();
    this.silence.started();
    const replies = await connection.send(migrate + more + encodeCommands(sizeKeys.map(sizeCommand)), 2 + sizeKeys.length, { takesMs: patience * OPERATIONS }).catch((error: unknown) => {
      this.silence.ended(false);
      this.keySizes.lost(sizeKeys);
      throw error;
    });
    this.silence.ended(true);
    this.keySizes.learn(sizeKeys, replies.slice(2) as PipelineReply[]);
    const now = performance.now();
    const ms = Math.max(0, now - Math.max(this.lastReply, sentAt + this.roundTripMs));
    this.lastReply = now;
    // The time of a single big key says nothing about other keys.
    if (ownTimeoutMs === undefined) this.sizer.learnTime(keys.length, ms);
    return delivery(keys, replies, ms);
  }

  private warnOfStall(afterMs: number, takesMs: number): void {
    const { source, target, settings } = this;
    const message = `${source.name} has not replied to MIGRATE for ${Math.round(afterMs / 1000)} s. It or its target ${target.name} may be hung. Still waiting, up to ${Math.ceil(takesMs / 1000)} s (3 × --timeout) plus --command-timeout`;
    settings.emit({ kind: 'warning', code: 'SILENT', message });
  }

  private route(replace: boolean, timeoutMs: number): EncodedWords {
    const { host, port } = this.path.route;
    const { credentials } = this.target;
    const last = this.lastRoute;
    if (last?.replace === replace && last.timeoutMs === timeoutMs && last.credentials === credentials) return last.encoded;
    const encoded = encodeRoute({ host, port, db: this.database, replace, timeoutMs, ...credentials });
    this.lastRoute = { replace, timeoutMs, credentials, encoded };
    return encoded;
  }

  private async open(): Promise<Connection> {
    if (this.connection?.isOpen === true) return this.connection;
    this.dialling ??= this.dial().finally(() => (this.dialling = undefined));
    return this.dialling;
  }

  private async dial(): Promise<Connection> {
    const connection = await this.source.dial(this.database, this.database > 0);
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

function delivery(keys: BulkList, [moved, left]: readonly (PipelineReply | BulkList)[], ms: number): MigrateReply {
  const error = moved instanceof ReplyError ? moved : undefined;
  return { error, left: left instanceof ReplyError && error !== undefined ? keys : asBulks(left), ms };
}
