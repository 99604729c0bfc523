// Empties one open slot from its source into its target, whatever MIGRATE answers (cli 2.8, 5.2). Ends with no key left
// on the source, or throws. Not here: opening and closing slots (pair.ts, close.ts).
import { asBulks } from '../../client/read-reply.js';
import { ConnectionLost } from '../../client/connection-errors.js';
import { TribError } from '../../errors.js';
import { BulkList } from '../../resp/bulk-list.js';
import { encodeCommand } from '../../resp/command.js';
import { ReplyError, fromBinary } from '../../resp/reply.js';
import type { NodeLink } from '../node-link.js';
import { compareKeys } from './conflict.js';
import type { Lane } from './lane.js';
import type { MoverSettings } from './options.js';
import { KeyConflict } from './options.js';
import { mayPass, pause } from './retry.js';

/** One slot on its way. */
export class Drain {
  private moved = 0;
  /** Keys of calls whose outcome is unknown: a copy of them on the target may be of our own making. */
  private readonly suspects = new Set<string>();
  private readonly conflicts = new Set<string>();

  constructor(
    private readonly slot: number,
    private readonly source: NodeLink,
    private readonly target: NodeLink,
    private readonly lane: Lane,
    private readonly settings: MoverSettings,
  ) {}

  /**
   * Moves all keys; returns how many. Throws KeyConflict when copies differ (everything else in the slot has moved
   * then), TribError MIGRATE_FAILED, or the connection's error when the nodes stay away too long.
   */
  async run(firstKeys: BulkList): Promise<number> {
    let keys = firstKeys;
    this.lane.announce(keys);
    while (keys.length > 0) keys = await this.step(keys);
    if (this.conflicts.size > 0) throw new KeyConflict(this.slot, [...this.conflicts].map(fromBinary), this.source, this.target);
    return this.moved;
  }

  /** One batch of the keys offered; returns the keys to try next. */
  private async step(offered: BulkList, replace = false): Promise<BulkList> {
    let keys = offered;
    let turn = await this.lane.turn(offered.length);
    try {
      const loaded = await this.lane.load(turn, this.slot, offered, replace);
      turn = loaded.turn;
      ({ keys } = loaded.freight);
      const { error, left, ms } = await this.lane.carry(loaded.freight);
      turn.end();
      if (error !== undefined) return await this.afterError(keys, error, replace);
      this.count(keys.length, loaded.freight.bytes, ms);
      this.lane.forget(keys);
      this.lane.announce(left);
      this.lane.health.good();
      return this.conflicts.size > 0 ? await this.keysLeft() : left;
    } catch (error) {
      turn.end();
      if (error instanceof ConnectionLost && error.executed === 'unknown') for (const key of keys.words) this.suspects.add(key);
      await this.pause(error);
      return this.keysLeft();
    }
  }

  private async afterError(keys: BulkList, error: ReplyError, replace: boolean): Promise<BulkList> {
    if (/\bBUSYKEY\b/.test(error.message) && !replace) return this.resolveBusy(keys.words);
    if (!mayPass(error)) throw this.failure(error);
    // -IOERR may leave keys on both nodes: next time they are busy, and we know why.
    if (/\bIOERR\b/.test(error.message)) for (const key of keys.words) this.suspects.add(key);
    await this.pause(error);
    return this.keysLeft();
  }

  /** The server has moved the keys that were not busy; of the rest, those with equal copies are overwritten. */
  private async resolveBusy(keys: readonly string[]): Promise<BulkList> {
    const comparisons = await compareKeys(this.source, this.target, keys);
    const replaceable: string[] = [];
    keys.forEach((key, index) => {
      const comparison = comparisons[index];
      if (comparison === 'gone' || comparison === 'absent') return;
      if (comparison === 'different' && !this.settings.replace && !this.suspects.has(key)) {
        this.conflicts.add(key);
        return;
      }
      if (comparison === 'different') this.warnReplaced(key);
      replaceable.push(key);
    });
    const gone = keys.filter((_, index) => comparisons[index] === 'gone');
    if (gone.length > 0) this.count(gone.length, this.lane.bytesOf(gone), 0);
    if (replaceable.length > 0) await this.step(BulkList.of(replaceable), true);
    return this.keysLeft();
  }

  /** Asks the source again, past the keys that have to stay. */
  private async keysLeft(): Promise<BulkList> {
    for (;;) {
      try {
        const connection = await this.source.connection();
        const count = this.lane.pace.offerKeys + 1 + this.conflicts.size;
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
      await pause(this.settings, this.lane.health, error, this.source, this.slot);
    } catch (last) {
      throw last instanceof ReplyError ? this.failure(last) : last;
    }
  }

  /** The source serves the key, so its copy is what clients know; still, another value is gone. */
  private warnReplaced(key: string): void {
    const shown = fromBinary(key);
    const message = `key ${JSON.stringify(shown)} of slot ${this.slot} had another value on ${this.target.name}: replaced by that of ${this.source.name}`;
    this.settings.emit({ kind: 'warning', code: 'REPLACED', message, slot: this.slot, key: shown });
  }

  private count(keys: number, bytes: number, ms: number): void {
    this.moved += keys;
    this.settings.emit({ kind: 'batchMoved', slot: this.slot, source: name(this.source), target: name(this.target), keys, bytes, ms });
  }

  private failure(error: ReplyError): TribError {
    const where = `slot ${this.slot} from ${this.source.name} to ${this.target.name}`;
    return new TribError('MIGRATE_FAILED', `Moving ${where}: Node ${this.source.name} replied with error: ${error.message}`, { hint: hintFor(error.message), cause: error });
  }
}

function name(link: NodeLink): { id: string; name: string } {
  return { id: link.id, name: link.name };
}

function hintFor(message: string): string {
  if (/\bIOERR\b/.test(message)) return 'the source could not reach the target, or the target was too slow: look at the target, or allow more time';
  if (/^(ERR )?NOPERM\b/.test(message)) return 'the source itself refuses MIGRATE to this user: it needs +migrate there';
  if (/NOAUTH|WRONGPASS|NOPERM|AUTH/.test(message)) return 'MIGRATE logs in to the target with the same user and password as we do there: check what that user may do (RESTORE, SELECT)';
  if (/\bOOM\b/.test(message)) return 'the target is out of memory: raise its maxmemory or move less';
  if (/READONLY/.test(message)) return 'the target is a replica now: look with check, then plan again';
  if (/\bMOVED\b/.test(message)) return 'the slot has another owner now: look with check, then plan again';
  return 'look with check; fix completes or closes what is open';
}
