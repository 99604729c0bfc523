// The MIGRATE channels of one pair of nodes, one per database that holds keys. The channel of database 0 always exists; others
// are created with their first key. Not here: a channel (migrate-channel.ts), which databases hold keys (databases.ts).
import type { MigrateChannel } from './migrate-channel.js';
import type { Health } from '../safety/retry.js';

export class MigrateChannels {
  /** The channel of database 0. */
  readonly main: MigrateChannel;
  private readonly others = new Map<number, Promise<MigrateChannel>>();

  /**
   * `make` creates the channel of a database. All channels of a pair share one Health: they use the same path to the target.
   */
  constructor(private readonly make: (database: number, health?: Health) => MigrateChannel) {
    this.main = make(0);
  }

  /** The measured channel of a database. Rejects as MigrateChannel.measure; the next call tries again. */
  async of(database: number): Promise<MigrateChannel> {
    if (database === 0) return this.main;
    const known = this.others.get(database);
    if (known !== undefined) return known;
    const channel = this.make(database, this.main.health);
    const ready = channel.measure().then(
      () => channel,
      (error: unknown) => {
        this.others.delete(database);
        channel.close();
        throw error;
      },
    );
    this.others.set(database, ready);
    return ready;
  }

  close(): void {
    this.main.close();
    for (const channel of this.others.values()) void channel.then((one) => one.close(), () => undefined);
  }
}
