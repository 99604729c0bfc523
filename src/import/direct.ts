// Sends batches from the source directly to their targets with MIGRATE, over one connection, several in flight, so that the
// source does not wait for this process in between. Not here: handling errors (deliver.ts).
import { migrateCommand } from '../client/migrate-command.js';
import type { Connection } from '../client/connection.js';
import { ReplyError } from '../resp/reply.js';
import type { ImportSettings } from './options.js';
import type { ImportRoute } from './routes.js';

export interface DirectReply {
  /** Number of the keys that the source held just before. */
  readonly present: number;
  readonly error: ReplyError | undefined;
  /** Milliseconds the source was busy with it. */
  readonly ms: number;
}

export interface MigrateExtras {
  readonly copy?: boolean;
  readonly timeoutMs?: number;
}

export class DirectChannel {
  private lastReply = 0;

  constructor(
    private readonly connection: Connection,
    private readonly settings: ImportSettings,
    /** Database of the target. */
    readonly database = 0,
  ) {}

  /** One MIGRATE. Rejects with ConnectionLost when the source became unreachable; what has moved is unknown then. */
  async send(route: ImportRoute, keys: readonly string[], extras: MigrateExtras = {}): Promise<DirectReply> {
    const { timeoutMs, copy, replace } = { ...this.settings, ...extras };
    const migrate = migrateCommand({ host: route.host, port: route.port, keys, db: this.database, timeoutMs, copy, replace, ...route.credentials });
    const sentAt = performance.now();
    // MIGRATE's own timeout applies to each socket operation; this one only guards against a source that never replies.
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
