// Sends keys of a file to one database of one master: RESTOREs in batches, several in flight. Not here: which master
// (import-rdb.ts), and single keys that need care (place-entry.ts).
import type { ClusterClient } from '../../client/cluster-client.js';
import { encodeCommand } from '../../resp/command.js';
import { ReplyError } from '../../resp/reply.js';
import { outOfReach } from '../options.js';
import type { ImportRoute, ImportRoutes } from '../routes.js';
import { restoreCommand, type FileEntry } from './file-entry.js';
import { compareEntry, expiriesOf, type Pipeline } from './copy-expiry.js';
import type { LoadTally } from './load-tally.js';
import { placeEntry } from './place-entry.js';

/** A batch is sent when it reaches this number of keys or bytes. */
const BATCH_KEYS = 500;
const BATCH_BYTES = 256 * 1024;
/** Maximum batches in flight: the master executes one while the next arrives. */
const DEPTH = 3;
/** Maximum bytes waiting or in flight; above it the reading of the file pauses. */
const MAX_BYTES = 8 * 1024 * 1024;

export interface PipelineTools {
  readonly routes: ImportRoutes;
  readonly clientOf: (database: number) => Promise<ClusterClient>;
  readonly tally: LoadTally;
  readonly replace: boolean;
  readonly timeoutMs: number;
}

interface Batch {
  readonly entries: FileEntry[];
  bytes: number;
}

export class RestorePipeline {
  private filling: Batch = { entries: [], bytes: 0 };
  private readonly ready: Batch[] = [];
  private readonly running = new Set<Promise<void>>();
  private bytes = 0;
  private failure: { readonly error: unknown } | undefined;

  /** @param into database of the cluster */
  constructor(private readonly route: ImportRoute, private readonly into: number, private readonly tools: PipelineTools) {}

  add(entry: FileEntry): void {
    const size = entry.body.length + entry.key.length;
    this.filling.entries.push(entry);
    this.filling.bytes += size;
    this.bytes += size;
    if (this.filling.entries.length >= BATCH_KEYS || this.filling.bytes >= BATCH_BYTES) this.close();
  }

  /** Resolves when more keys may be queued. Throws the error that ends the load. */
  async untilWritable(): Promise<void> {
    while ((this.ready.length > DEPTH || this.bytes > MAX_BYTES) && this.running.size > 0 && this.failure === undefined) await Promise.race(this.running);
    this.rethrow();
  }

  /** Sends what is left and waits for all replies. Throws as untilWritable. */
  async finish(): Promise<void> {
    this.close();
    await this.settled();
    this.rethrow();
  }

  /** Waits for the batches in flight; sends no further ones. */
  async abandon(): Promise<void> {
    this.ready.length = 0;
    this.failure ??= { error: undefined };
    await this.settled();
  }

  private async settled(): Promise<void> {
    while (this.running.size > 0) await Promise.all(this.running);
  }

  private rethrow(): void {
    if (this.failure !== undefined) throw this.failure.error;
  }

  private close(): void {
    if (this.filling.entries.length > 0) this.ready.push(this.filling);
    this.filling = { entries: [], bytes: 0 };
    this.pump();
  }

  private pump(): void {
    while (this.running.size < DEPTH && this.failure === undefined) {
      const batch = this.ready.shift();
      if (batch === undefined) return;
      const piece: Promise<void> = this.deliver(batch.entries)
        .catch((error: unknown) => void (this.failure ??= { error }))
        .finally(() => {
          this.running.delete(piece);
          this.bytes -= batch.bytes;
          this.pump();
        });
      this.running.add(piece);
    }
  }

  private async deliver(entries: readonly FileEntry[]): Promise<void> {
    const { routes, tally, replace, timeoutMs } = this.tools;
    const busy: FileEntry[] = [];
    const hard: FileEntry[] = [];
    let lost = false;
    try {
      const connection = await routes.connection(this.route, this.into);
      let text = '';
      for (const entry of entries) text += encodeCommand(restoreCommand(entry, { replace }));
      const replies = await connection.send(text, entries.length, { timeoutMs });
      entries.forEach((entry, at) => {
        const reply = replies[at];
        if (reply === 'OK') return;
        (reply instanceof ReplyError && reply.code === 'BUSYKEY' ? busy : hard).push(entry);
      });
    } catch (error) {
      if (!outOfReach(error)) throw error;
      lost = true;
      hard.push(...entries);
      await routes.refresh(); // A replica may have been promoted; the cluster client waits for that.
    }
    tally.delivered(this.route, entries.length - busy.length - hard.length);
    if (busy.length > 0) hard.push(...(await this.compare(busy)));
    for (const entry of hard) await this.place(entry, lost);
    tally.progress();
  }

  /** Compares keys that the cluster has already; returns those that could not be compared. */
  private async compare(entries: readonly FileEntry[]): Promise<FileEntry[]> {
    const connection = await this.tools.routes.connection(this.route, this.into);
    const pipeline: Pipeline = (commands) => connection.pipeline(commands, { timeoutMs: this.tools.timeoutMs });
    const replies = await pipeline(entries.map(({ key }) => ['DUMP', key]));
    const expiries = await expiriesOf(pipeline, entries.map(({ key }) => key));
    return entries.filter((entry, at) => {
      const theirs = replies[at];
      if (typeof theirs !== 'string') return true;
      const result = compareEntry(entry, theirs, expiries[at]);
      if (result === 'equal') this.tools.tally.equal++;
      else this.tools.tally.conflict(this.route, entry.database, entry.key, result);
      return false;
    });
  }

  private async place(entry: FileEntry, lost: boolean): Promise<void> {
    const { tally, clientOf, replace } = this.tools;
    const result = await placeEntry(entry, await clientOf(this.into), replace, lost);
    if (result === 'imported') tally.delivered(this.route, 1);
    else if (result === 'equal') tally.equal++;
    else if (typeof result === 'string') tally.conflict(this.route, entry.database, entry.key, result);
    else tally.refuse({ database: entry.database, key: entry.key, reason: result.refused });
  }
}
