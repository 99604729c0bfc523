// Carries all keys of one slot from one node to another with MIGRATE, whatever state the slot is in, and settles the keys
// that are on both. Not here: opening and closing the slot (apply-fix.ts), single keys on both sides (settle-key.ts).
import type { Connection } from '../../client/connection.js';
import { migrateCommand } from '../../client/migrate-command.js';
import { asStrings } from '../../client/read-reply.js';
import { TribError } from '../../errors.js';
import { ReplyError, fromBinary } from '../../resp/reply.js';
import { delay } from '../delay.js';
import type { OnEvent } from '../event.js';
import type { Health } from '../mover/retry.js';
import type { NodeLink } from '../node-link.js';
import type { Road, Settling } from './settle-key.js';
import { settleKey } from './settle-key.js';

export interface CarrySettings {
  /** Most keys in one MIGRATE. */
  readonly pipeline: number;
  /** How this road is doing; shared by all its slots, so that not each finds out for itself that a node is gone. */
  readonly health: Health;
  readonly settling: Settling;
  readonly emit: OnEvent;
  readonly signal: AbortSignal | undefined;
}

export interface Carried {
  readonly moved: number;
  /** Keys that stay on both sides, as binary strings. */
  readonly both: readonly string[];
}

/** Milliseconds one MIGRATE should take: batches grow below a quarter of it and shrink above. */
const GOOD_MS = 8;

/** One slot on its way. */
class Carrier {
  private moved = 0;
  private batch = 16;
  private readonly both = new Set<string>();

  constructor(
    private readonly road: Road,
    private readonly slot: number,
    private readonly settings: CarrySettings,
  ) {}

  async run(): Promise<Carried> {
    while (await this.round());
    return { moved: this.moved, both: [...this.both] };
  }

  /** One batch; false when no key is left that can move. */
  private async round(): Promise<boolean> {
    this.settings.signal?.throwIfAborted();
    try {
      this.settings.health.throwIfHopeless();
      const connection = await this.road.source.connection();
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
    const { target, timeoutMs } = this.road;
    const start = performance.now();
    const migrate = migrateCommand({ host: target.announced.host, port: target.announced.port, keys, timeoutMs, ...target.credentials });
    const [reply] = await connection.pipeline([migrate], { timeoutMs: timeoutMs * 4 + 60_000 });
    const ms = performance.now() - start;
    if (!(reply instanceof ReplyError)) {
      this.batch = ms < GOOD_MS / 4 ? Math.min(1000, this.batch * 2) : ms > GOOD_MS ? Math.max(1, Math.floor(this.batch / 2)) : this.batch;
      return this.count(keys.length, ms);
    }
    if (!/\bBUSYKEY\b/.test(reply.message)) throw reply;
    // The server has moved the keys of the batch that were not busy.
    for (const key of keys) {
      if ((await settleKey(this.road, this.settings.settling, this.slot, key)) === 'both') this.both.add(key);
    }
    this.count(keys.filter((key) => !this.both.has(key)).length, performance.now() - start);
  }

  private count(keys: number, ms: number): void {
    if (keys === 0) return;
    this.moved += keys;
    const { source, target } = this.road;
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
    const { source } = this.road;
    this.settings.emit({ kind: 'retry', node: name(source), slot: this.slot, reason: error instanceof Error ? error.message : String(error), attempt: health.attempts, delayMs });
    await delay(delayMs, this.settings.signal);
  }

  private explain(error: unknown): unknown {
    if (!(error instanceof ReplyError)) return error;
    const { source, target } = this.road;
    const hint = /CLUSTERDOWN/.test(error.message) ? 'keys cannot move while slots are uncovered: let fix cover them too' : 'run fix again; it goes on where this run stopped';
    return new TribError('MIGRATE_FAILED', `Moving slot ${this.slot} from ${source.name} to ${target.name}: Node ${source.name} replied with error: ${fromBinary(error.message)}`, { hint, cause: error });
  }
}

function name(link: NodeLink): { id: string; name: string } {
  return { id: link.id, name: link.name };
}

/**
 * Moves the keys of a slot. Both nodes must be ready for it: the source owns the slot and migrates it, or imports it;
 * the target owns or imports it. Keys with two different copies that are to stay are left out and returned.
 */
export function carrySlot(road: Road, slot: number, settings: CarrySettings): Promise<Carried> {
  return new Carrier(road, slot, settings).run();
}
