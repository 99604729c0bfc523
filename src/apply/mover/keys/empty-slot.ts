// Empties one database of one open slot from its source into its target, with all replies MIGRATE may give (cli.md 2.8, 5.2).
// When it returns, the source holds no key of the slot. Not here: opening and closing slots (pair.ts, slots/).
import { asBulks } from '../../../client/read-reply.js';
import { ConnectionLost } from '../../../client/connection-errors.js';
import { TribError } from '../../../errors.js';
import { BulkList } from '../../../resp/bulk-list.js';
import { encodeCommand } from '../../../resp/command.js';
import { ReplyError, fromBinary } from '../../../resp/reply.js';
import type { NodeLink } from '../../node/node-link.js';
import { oneLine } from '../../../resp/visible.js';
import { compareKeys } from './conflict.js';
import type { MigrateChannel } from './migrate-channel.js';
import { migrateHint } from './migrate-hint.js';
import type { MoverSettings } from '../pacing/options.js';
import { KeyConflict } from '../pacing/options.js';
import { isTransient, pause } from '../safety/retry.js';

/** Drains one slot in one database, that of the channel. */
export class SlotDrain {
  /** Keys of calls with an unknown outcome. A copy of them on the target may come from this move. */
  private readonly suspects = new Set<string>();
  private readonly conflicts = new Set<string>();

  constructor(
    private readonly slot: number,
    private readonly source: NodeLink,
    private readonly target: NodeLink,
    private readonly channel: MigrateChannel,
    private readonly settings: MoverSettings,
    /** Called with the number of keys moved, after each batch. */
    private readonly moved: (keys: number) => void,
  ) {}

  /**
   * Moves all keys. Throws KeyConflict when copies differ (all other keys of the slot have moved), TribError MIGRATE_FAILED, or
   * the connection's error when the nodes stay unreachable too long.
   */
  async run(firstKeys: BulkList): Promise<void> {
    let keys = firstKeys;
    this.channel.announce(keys);
    while (keys.length > 0) keys = await this.step(keys);
    if (this.conflicts.size > 0) throw new KeyConflict(this.slot, [...this.conflicts].map(fromBinary), this.source, this.target, this.channel.database);
  }

  /** Moves one batch of the keys offered; returns the keys to try next. */
  private async step(offered: BulkList, replace = false): Promise<BulkList> {
    let keys = offered;
    let share = await this.channel.acquire(offered.length);
    try {
      const loaded = await this.channel.fill(share, this.slot, offered, replace);
      share = loaded.share;
      ({ keys } = loaded.batch);
      const { error, left, ms } = await this.channel.migrate(loaded.batch);
      share.end();
      if (error !== undefined) return await this.afterError(keys, error, replace);
      this.count(keys.length, loaded.batch.bytes, ms);
      this.channel.forget(keys);
      this.channel.announce(left);
      this.channel.health.good();
      return this.conflicts.size > 0 ? await this.keysLeft() : left;
    } catch (error) {
      share.end();
      if (error instanceof ConnectionLost && error.executed === 'unknown') for (const key of keys.words) this.suspects.add(key);
      await this.pause(error);
      return this.keysLeft();
    }
  }

  private async afterError(keys: BulkList, error: ReplyError, replace: boolean): Promise<BulkList> {
    if (/\bBUSYKEY\b/.test(error.message) && !replace) return this.resolveBusy(keys.words);
    if (!isTransient(error)) throw this.failure(error);
    // After IOERR a key may be on both nodes. BUSYKEY then does not mean a conflict.
    if (/\bIOERR\b/.test(error.message)) for (const key of keys.words) this.suspects.add(key);
    await this.pause(error);
    return this.keysLeft();
  }

  /**
   * After BUSYKEY the server has moved the other keys. Busy keys with equal values are overwritten: the time to live of the
   * source stays.
   */
  private async resolveBusy(keys: readonly string[]): Promise<BulkList> {
    const comparisons = await compareKeys(this.source, this.target, keys, this.channel.database);
    const replaceable: string[] = [];
    keys.forEach((key, index) => {
      const comparison = comparisons[index];
      if (comparison === 'gone' || comparison === 'absent') return;
      if (comparison === 'different' && !this.settings.replace && !this.suspects.has(key)) {
        this.conflicts.add(key);
        return;
      }
      if (comparison === 'different') this.warnReplaced(key);
      if (comparison === 'other-expiry' && !this.suspects.has(key)) this.warnExpiry(key);
      replaceable.push(key);
    });
    const gone = keys.filter((_, index) => comparisons[index] === 'gone');
    if (gone.length > 0) this.count(gone.length, this.channel.bytesOf(gone), 0);
    if (replaceable.length > 0) await this.step(BulkList.of(replaceable), true);
    return this.keysLeft();
  }

  /** Reads the remaining keys from the source, without those that must stay. */
  private async keysLeft(): Promise<BulkList> {
    for (;;) {
      try {
        const connection = await this.source.connection(this.channel.database);
        const count = this.channel.sizer.offerKeys + 1 + this.conflicts.size;
        const [reply] = await connection.send(encodeCommand(['CLUSTER', 'GETKEYSINSLOT', this.slot, count]), 1);
        const keys = asBulks(reply);
        return this.conflicts.size === 0 ? keys : BulkList.of(keys.words.filter((key) => !this.conflicts.has(key)));
      } catch (error) {
        await this.pause(error);
      }
    }
  }

  private async pause(error: unknown): Promise<void> {
    try {
      await pause(this.settings, this.channel.health, error, this.source, this.slot);
    } catch (last) {
      throw last instanceof ReplyError ? this.failure(last) : last;
    }
  }

  /**
   * Clients know the copy on the source, which serves the key. The overwritten value on the target is lost, so the user is
   * warned.
   */
  private warnReplaced(key: string): void {
    const shown = fromBinary(key);
    const message = `key ${JSON.stringify(shown)} of slot ${this.slot} had another value on ${this.target.name}: replaced by the value of ${this.source.name}`;
    this.settings.emit({ kind: 'warning', code: 'REPLACED', message, slot: this.slot, key: shown });
  }

  /**
   * Clients know the time to live of the copy on the source. That of the target had no effect, but an operator may have
   * expected it.
   */
  private warnExpiry(key: string): void {
    const shown = fromBinary(key);
    const message = `key ${JSON.stringify(shown)} of slot ${this.slot} had the same value on ${this.target.name}, but another time to live, or one that could not be read: the time to live of ${this.source.name} stays`;
    this.settings.emit({ kind: 'warning', code: 'TTL_DIFFERS', message, slot: this.slot, key: shown });
  }

  private count(keys: number, bytes: number, ms: number): void {
    this.moved(keys);
    this.settings.emit({ kind: 'batchMoved', slot: this.slot, source: name(this.source), target: name(this.target), keys, bytes, ms });
  }

  private failure(error: ReplyError): TribError {
    const where = `slot ${this.slot} from ${this.source.name} to ${this.target.name}`;
    return new TribError('MIGRATE_FAILED', `Moving ${where}: Node ${this.source.name} replied with error: ${oneLine(error.message)}`, { hint: migrateHint(error.message), cause: error });
  }
}

function name(link: NodeLink): { id: string; name: string } {
  return { id: link.id, name: link.name };
}
