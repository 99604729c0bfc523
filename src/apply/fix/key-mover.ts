// Moves all keys of one slot from one node to another with MIGRATE, in any state of the slot, and resolves keys that exist on
// both nodes. Databases run one after another. Not here: opening and closing the slot (apply-fix.ts), single keys on both nodes
// (settle-key.ts).
import type { Connection } from '../../client/connection.js';
import { migrateCommand } from '../../client/migrate-command.js';
import { asStrings } from '../../client/read-reply.js';
import { TribError, messageOf } from '../../errors.js';
import { ReplyError, fromBinary } from '../../resp/reply.js';
import { delay } from '../node/delay.js';
import type { OnEvent } from '../node/event.js';
import type { Health } from '../mover/safety/retry.js';
import { migrateHint } from '../mover/keys/migrate-hint.js';
import type { NodeLink } from '../node/node-link.js';
import type { KeyPlace } from './copies.js';
import type { ConflictPair, Settling } from './settle-key.js';
import { settleKey } from './settle-key.js';

export interface KeyMoveSettings {
  /** Databases of the source that may hold keys of the slot. */
  readonly databases: readonly number[];
  /** Maximum keys in one MIGRATE. */
  readonly pipeline: number;
  /** Retry state of this pair, shared by all its slots, so that an unreachable node is detected once. */
  readonly health: Health;
  readonly settling: Settling;
  readonly emit: OnEvent;
  readonly signal: AbortSignal | undefined;
}

export interface MovedKeys {
  readonly moved: number;
  /** Keys that stay on both nodes. */
  readonly both: readonly KeyPlace[];
}

/** Target milliseconds of one MIGRATE: batches grow below a quarter of it and shrink above it. */
const GOOD_MS = 8;

/** Moves the keys of one slot in one database. */
class KeyMover {
  private moved = 0;
  private batch = 16;
  private readonly both = new Set<string>();

  constructor(
    private readonly pair: ConflictPair,
    private readonly slot: number,
    private readonly database: number,
    private readonly settings: KeyMoveSettings,
  ) {}

  async run(): Promise<MovedKeys> {
    while (await this.round());
    const { slot, database } = this;
    return { moved: this.moved, both: [...this.both].map((key) => ({ slot, database, key })) };
  }

  /** Moves one batch; false when no movable key is left. */
  private async round(): Promise<boolean> {
    this.settings.signal?.throwIfAborted();
    try {
      this.settings.health.throwIfHopeless();
      const connection = await this.pair.source.connection(this.database);
      const size = Math.min(this.batch, this.settings.pipeline);
      const found = asStrings(await connection.command(['CLUSTER', 'GETKEYSINSLOT', this.slot, size + this.both.size]));
      const keys = found.filter((key) => !this.both.has(key));
      if (keys.length === 0) return false;
      await this.send(connection, keys);
      this.settings.health.good();
    } catch (error) {
      await this.pause(error);
    }
    return true;
  }

  private async send(connection: Connection, keys: readonly string[]): Promise<void> {
    const { target, timeoutMs } = this.pair;
    const start = performance.now();
    const migrate = migrateCommand({ host: target.announced.host, port: target.announced.port, keys, timeoutMs, db: this.database, ...target.credentials });
    const [reply] = await connection.pipeline([migrate], { timeoutMs: timeoutMs * 4 + 60_000 });
    const ms = performance.now() - start;
    if (!(reply instanceof ReplyError)) {
      this.batch = ms < GOOD_MS / 4 ? Math.min(1000, this.batch * 2) : ms > GOOD_MS ? Math.max(1, Math.floor(this.batch / 2)) : this.batch;
      return this.count(keys.length, ms);
    }
    if (!/\bBUSYKEY\b/.test(reply.message)) throw reply;
    // The server has moved the keys of the batch that were not busy.
    let moved = 0;
    for (const key of keys) {
      const settled = await settleKey(this.pair, this.settings.settling, { slot: this.slot, database: this.database, key });
      if (settled === 'both') this.both.add(key);
      if (settled === 'moved') moved++;
    }
    this.count(moved, performance.now() - start);
  }

  private count(keys: number, ms: number): void {
    if (keys === 0) return;
    this.moved += keys;
    const { source, target } = this.pair;
    this.settings.emit({ kind: 'batchMoved', slot: this.slot, source: name(source), target: name(target), keys, bytes: 0, ms });
  }

  private async pause(error: unknown): Promise<void> {
    this.settings.signal?.throwIfAborted();
    const { health } = this.settings;
    let delayMs: number;
    try {
      delayMs = health.bad(error);
    } catch (last) {
      throw this.explain(last);
    }
    const { source } = this.pair;
    this.settings.emit({ kind: 'retry', node: name(source), slot: this.slot, reason: messageOf(error), attempt: health.attempts, delayMs });
    await delay(delayMs, this.settings.signal);
  }

  private explain(error: unknown): unknown {
    if (!(error instanceof ReplyError)) return error;
    const { source, target } = this.pair;
    const hint = /CLUSTERDOWN/.test(error.message) ? 'keys cannot move while slots are uncovered: let fix cover those slots too' : migrateHint(error.message, 'run fix again to continue');
    return new TribError('MIGRATE_FAILED', `Moving slot ${this.slot} from ${source.name} to ${target.name}: Node ${source.name} replied with error: ${fromBinary(error.message)}`, { hint, cause: error });
  }
}

function name(link: NodeLink): { id: string; name: string } {
  return { id: link.id, name: link.name };
}

/**
 * Moves the keys of a slot in all given databases. Both nodes must be prepared: the source owns and migrates the slot, or
 * imports it; the target owns or imports it. Keys whose two copies are both kept are returned.
 */
export async function moveSlotKeys(pair: ConflictPair, slot: number, settings: KeyMoveSettings): Promise<MovedKeys> {
  let moved = 0;
  const both: KeyPlace[] = [];
  for (const database of settings.databases) {
    const result = await new KeyMover(pair, slot, database, settings).run();
    moved += result.moved;
    both.push(...result.both);
  }
  return { moved, both };
}
