// The road keys travel from one source to one target: a connection to the source that carries MIGRATE and, right behind
// each, the question which keys are left. Measures how long the source was busy. Not here: what to do on errors (drain.ts),
// which keys go together (weigh.ts).
import { encodeRoute, type NodeCredentials } from '../../client/migrate-command.js';
import type { Connection, Outcome } from '../../client/connection.js';
import { asBulks } from '../../client/read-reply.js';
import { BulkList } from '../../resp/bulk-list.js';
import { encodeCommands, encodeWords, joinCommand, type EncodedWords } from '../../resp/command.js';
import { ReplyError } from '../../resp/reply.js';
import { delay } from '../delay.js';
import type { NodeLink } from '../node-link.js';
import type { MoverSettings } from './options.js';
import type { Way } from './pace.js';
import { Pace } from './pace.js';
import { timeoutOf } from './big-key.js';
import { Health } from './retry.js';
import { lightKeys } from './room.js';
import { Scales, weighCommand } from './scales.js';
import { SilenceWatch } from './silence-watch.js';
import type { RateLimit } from './throttle.js';
import { ReplicaWatch } from './throttle.js';
import { nextBatch } from './weigh.js';

export interface Delivery {
  /** undefined = moved (or gone before it could be moved). */
  readonly error: ReplyError | undefined;
  /** Keys still in the slot, at most the next batch. */
  readonly left: BulkList;
  readonly ms: number;
}

/** A batch is meant to take this share of the permitted stall, so that its neighbours fit in too. */
const BATCH_SHARE = 0.25;
/** Keys weighed with a MIGRATE beyond as many as it moves: so the next ones are known when their turn comes. */
const RIDERS = 32;
const KEYS_IN_SLOT = encodeWords(['CLUSTER', 'GETKEYSINSLOT']);

/** Socket operations of one MIGRATE that may each take its timeout: connecting, sending, hearing the target. */
const OPERATIONS = 3;
/** Silence of a source that the user is told of. */
const TELL_AFTER_MS = 10_000;

/** What goes into one MIGRATE. */
export interface Freight {
  readonly slot: number;
  readonly keys: BulkList;
  /** Size in memory, as the source told. */
  readonly bytes: number;
  readonly replace: boolean;
  /** Set for a big key that goes alone: the timeout of its MIGRATE. */
  readonly ownTimeoutMs?: number;
}

/** How MIGRATE begins, while nothing of it changes. */
interface Route {
  readonly replace: boolean;
  readonly timeoutMs: number;
  readonly credentials: NodeCredentials;
  readonly encoded: EncodedWords;
}

/** The right to keep both ends busy for a while; end it. */
export interface Turn {
  end(): void;
}

export class Lane {
  readonly pace: Pace;
  /** Whether keys get through at all. */
  readonly health: Health;
  private connection: Connection | undefined;
  private dialling: Promise<Connection> | undefined;
  private lastRoute: Route | undefined;
  private roundTripMs = 0;
  private lastReply = 0;
  private readonly silence: SilenceWatch;
  private readonly replicas: ReplicaWatch;
  /** Sizes of the keys that come next. */
  private readonly scales = new Scales();
  /** Mean bytes of the source's keys when none of them can be big: then they are not weighed. */
  private lightBytes: number | undefined;

  constructor(
    private readonly source: NodeLink,
    private readonly target: NodeLink,
    private readonly budget: Way,
    private readonly rate: RateLimit,
    private readonly settings: MoverSettings,
    batchMs: () => number,
  ) {
    this.replicas = new ReplicaWatch(target, settings);
    this.health = new Health(settings.retryMs);
    const takesMs = settings.timeoutMs * OPERATIONS;
    const tellAfterMs = Math.min(TELL_AFTER_MS, takesMs);
    this.silence = new SilenceWatch(tellAfterMs, () => this.tellSilence(tellAfterMs, takesMs));
    const stallMs = settings.maxStallMs * BATCH_SHARE;
    this.pace = new Pace({ batchMs: () => Math.min(stallMs, batchMs()), stallMs, maxKeys: settings.pipeline });
  }

  /** Waits until it is this lane's turn to move something like `keys` keys. */
  async turn(keys: number): Promise<Turn> {
    return this.occupy(this.pace.estimateMs(Math.min(keys, this.pace.offerKeys)));
  }

  /** Weighs the keys that are offered and takes as many as go together; big ones get both ends for themselves. */
  async load(turn: Turn, slot: number, offered: BulkList, replace: boolean): Promise<{ freight: Freight; turn: Turn }> {
    const fit = offered.length > this.pace.offerKeys ? offered.first(this.pace.batchKeys) : offered;
    if (this.lightBytes !== undefined) {
      const keys = fit.first(Math.max(1, Math.floor(this.settings.maxBatchBytes / this.lightBytes)));
      return { freight: { slot, keys, bytes: keys.length * this.lightBytes, replace }, turn };
    }
    const connection = await this.source.connection();
    await this.scales.known(offered.words, (keys) => connection.pipeline(keys.map(weighCommand)));
    const { keys, bytes, big } = nextBatch(fit.words, (key) => this.scales.sizeOf(key), this.settings.maxBatchBytes);
    const freight = { slot, keys: BulkList.of(keys), bytes, replace };
    if (!big) return { freight, turn };
    const { source, target, settings } = this;
    const ownTimeoutMs = await timeoutOf({ slot, key: keys[0] ?? '', bytes, source, target }, connection, settings);
    turn.end();
    return { freight: { ...freight, ownTimeoutMs }, turn: await this.occupy(settings.maxStallMs) };
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
    this.health.throwIfHopeless(); // others may have found out while this one waited
    return this.send(freight);
  }

  /**
   * Gets to know the source: milliseconds there and back when it is idle, and whether its keys have to be weighed. Dials
   * when need be; rejects as Connection.connect.
   */
  async survey(): Promise<{ readonly roundTripMs: number }> {
    const connection = await this.open();
    this.lightBytes = await lightKeys(connection);
    return { roundTripMs: this.roundTripMs };
  }

  /** These keys will be offered, in this order. */
  announce(keys: BulkList): void {
    if (this.lightBytes === undefined) this.scales.announce(keys.words);
  }

  /** Bytes of keys that were offered, as far as they were weighed. */
  bytesOf(keys: readonly string[]): number {
    return this.lightBytes === undefined ? this.scales.total(keys) : keys.length * this.lightBytes;
  }

  /** These keys are gone. */
  forget(keys: BulkList): void {
    if (this.lightBytes === undefined) this.scales.forget(keys.words);
  }

  close(): void {
    this.silence.close();
    this.connection?.close();
  }

  private async occupy(cost: number): Promise<Turn> {
    await this.budget.acquire(cost);
    let held = true;
    return {
      end: () => {
        if (held) this.budget.release(cost);
        held = false;
      },
    };
  }

  private async send({ slot, keys, replace, ownTimeoutMs }: Freight): Promise<Delivery> {
    const connection = await this.open();
    const patience = ownTimeoutMs ?? this.settings.timeoutMs;
    const migrate = joinCommand(this.route(replace, patience), keys);
    const more = joinCommand(KEYS_IN_SLOT, encodeWords([slot, this.pace.offerKeys + 1]));
    const riding = this.scales.take(keys.length + RIDERS);
    const sentAt = performance.now();
    this.silence.begun();
    const replies = await connection.send(migrate + more + encodeCommands(riding.map(weighCommand)), 2 + riding.length, { takesMs: patience * OPERATIONS }).catch((error: unknown) => {
      this.silence.ended(false);
      this.scales.lost(riding);
      throw error;
    });
    this.silence.ended(true);
    this.scales.learn(riding, replies.slice(2) as Outcome[]);
    const now = performance.now();
    const ms = Math.max(0, now - Math.max(this.lastReply, sentAt + this.roundTripMs));
    this.lastReply = now;
    // What one big key took says nothing about the others.
    if (ownTimeoutMs === undefined) this.pace.learnTime(keys.length, ms);
    return delivery(keys, replies, ms);
  }

  private tellSilence(afterMs: number, takesMs: number): void {
    const { source, target, settings } = this;
    const message = `${source.name} has not answered MIGRATE for ${Math.round(afterMs / 1000)} s: it stands still, or its target ${target.name} does; waiting for ${Math.ceil(takesMs / 1000)} s (3 times --timeout) and --command-timeout`;
    settings.emit({ kind: 'warning', code: 'SILENT', message });
  }

  private route(replace: boolean, timeoutMs: number): EncodedWords {
    const { announced, credentials } = this.target;
    const last = this.lastRoute;
    if (last?.replace === replace && last.timeoutMs === timeoutMs && last.credentials === credentials) return last.encoded;
    const encoded = encodeRoute({ host: announced.host, port: announced.port, replace, timeoutMs, ...credentials });
    this.lastRoute = { replace, timeoutMs, credentials, encoded };
    return encoded;
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

function delivery(keys: BulkList, [moved, left]: readonly (Outcome | BulkList)[], ms: number): Delivery {
  const error = moved instanceof ReplyError ? moved : undefined;
  return { error, left: left instanceof ReplyError && error !== undefined ? keys : asBulks(left), ms };
}
