// Sends batches from the source straight to their targets with MIGRATE, over one connection, several under way: the
// source does one after the other without waiting for us in between. Not here: what its errors mean (deliver.ts).
import { migrateCommand } from '../client/migrate-command.js';
import type { Connection } from '../client/connection.js';
import { ReplyError } from '../resp/reply.js';
import type { ImportSettings } from './options.js';
import type { Route } from './routes.js';

export interface Delivery {
  /** How many of the keys the source held just before. */
  readonly present: number;
  readonly error: ReplyError | undefined;
  /** Milliseconds the source was busy with it. */
  readonly ms: number;
}

export interface MigrateExtras {
  readonly copy?: boolean;
  readonly timeoutMs?: number;
}

export class DirectLane {
  private lastReply = 0;

  constructor(
    private readonly connection: Connection,
    private readonly settings: ImportSettings,
  ) {}

  /** One MIGRATE. Rejects with ConnectionLost when the source went away: then it is unknown what has moved. */
  async send(route: Route, keys: readonly string[], extras: MigrateExtras = {}): Promise<Delivery> {
    const { timeoutMs, copy, replace } = { ...this.settings, ...extras };
    const migrate = migrateCommand({ host: route.host, port: route.port, keys, timeoutMs, copy, replace, ...route.credentials });
    const sentAt = performance.now();
    // Its own limit is for each socket operation; ours only guards against a source that never answers.
    const [count, reply] = await this.connection.pipeline([['EXISTS', ...keys], migrate], { timeoutMs: timeoutMs * 4 + 60_000 });
    const now = performance.now();
    const ms = now - Math.max(this.lastReply, sentAt);
    this.lastReply = now;
    const present = typeof count === 'number' ? count : keys.length;
    if (reply instanceof ReplyError) return { present, error: reply, ms };
    return { present: reply === 'NOKEY' ? 0 : present, error: undefined, ms };
  }

  close(): void {
    this.connection.close();
  }
}
