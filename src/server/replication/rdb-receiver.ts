// Where the RDB of a master goes (repl-diskless-load, persistence-replication.md 4.3): through a file, or straight into the
// data set. With `swapdb` the old data are served until the new ones are complete.
import { openSync, read, readSync, rmSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import type { NodeServices } from '../exec/context.js';
import { closeRemoved } from '../persistence/files/replace.js';
import type { RdbReceiver } from './master-link.js';

/** The loading of one RDB. */
export interface DataLoad {
  /** Takes the next bytes, and loads the keys that are complete. Throws for data that cannot be read. */
  feed(bytes: Buffer): void;
  /** Checks the end and puts the data in place. Throws as feed. */
  finish(): void;
  /** Drops what was loaded. After a load in place the data set is empty. */
  abandon(): void;
}

export interface DataLoader {
  readonly isEmpty: boolean;
  /** Database selected in the stream after the last RDB (AUX field repl-stream-db). */
  readonly streamDb: number;
  /** `inPlace`: the data set is emptied now. Otherwise the new one replaces it at the end. */
  begin(inPlace: boolean): DataLoad;
}

export interface ReceiverEvents {
  /** The data set is incomplete from now on, or whole again. */
  loading(on: boolean): void;
}

/** Bytes that redis-server loads before it serves other clients (loading-process-events-interval-bytes). */
const AT_ONCE = 2 * 1024 * 1024;
const FILE_PIECE = 256 * 1024;

/** The receiver that repl-diskless-load selects now. */
export function receiveRdb(node: NodeServices, loader: DataLoader, events: ReceiverEvents): RdbReceiver {
  const mode = node.config.text('repl-diskless-load');
  if (mode === 'swapdb') return new DirectReceiver(loader, events, false);
  if (mode === 'on-empty-db' && loader.isEmpty) return new DirectReceiver(loader, events, true);
  return new FileReceiver(node, loader, events);
}

class DirectReceiver implements RdbReceiver {
  private readonly load: DataLoad;
  private over = false;

  constructor(loader: DataLoader, private readonly events: ReceiverEvents, inPlace: boolean) {
    if (inPlace) events.loading(true);
    this.load = loader.begin(inPlace);
  }

  write(bytes: Buffer): void {
    this.load.feed(bytes);
  }

  end(): Promise<void> {
    return new Promise((resolve) => {
      this.load.finish();
      this.over = true;
      this.events.loading(false);
      resolve();
    });
  }

  abort(): void {
    if (this.over) return;
    this.over = true;
    this.load.abandon();
    this.events.loading(false);
  }
}

/** Stores the RDB in a file first: the old data are served until it is complete. */
class FileReceiver implements RdbReceiver {
  private fd: number | null;
  private length = 0;
  private load: DataLoad | null = null;

  constructor(node: NodeServices, private readonly loader: DataLoader, private readonly events: ReceiverEvents) {
    const path = join(node.config.text('dir'), `temp-sync-${process.pid}-${node.random.hex(8)}.rdb`);
    this.fd = openSync(path, 'w+', 0o600);
    rmSync(path);
  }

  write(bytes: Buffer): void {
    for (let at = 0; at < bytes.length; ) at += writeSync(this.fd!, bytes, at, bytes.length - at, this.length + at);
    this.length += bytes.length;
  }

  end(): Promise<void> {
    this.events.loading(true);
    const load = (this.load = this.loader.begin(true));
    if (this.length <= AT_ONCE) return this.readAtOnce(load);
    return new Promise((resolve, reject) => this.readOn(load, 0, resolve, reject));
  }

  /** Loads a small RDB without yielding to the event loop, so that no client sees LOADING, as in redis-server. */
  private async readAtOnce(load: DataLoad): Promise<void> {
    const bytes = Buffer.allocUnsafe(this.length);
    for (let at = 0; at < bytes.length; ) {
      const count = readSync(this.fd!, bytes, at, bytes.length - at, at);
      if (count === 0) throw new Error('the received file is shorter than what was written');
      at += count;
    }
    load.feed(bytes);
    load.finish();
    this.close();
    this.load = null;
    this.events.loading(false);
  }

  /** Loads one piece per event loop turn: other clients are served meanwhile (with -LOADING). */
  private readOn(load: DataLoad, from: number, done: () => void, failed: (error: unknown) => void): void {
    if (this.fd === null) return failed(new Error('loading was aborted'));
    const room = Buffer.allocUnsafe(FILE_PIECE);
    read(this.fd, room, 0, FILE_PIECE, from, (error, count) => {
      try {
        if (error !== null) throw error;
        if (this.fd === null) throw new Error('loading was aborted');
        if (count > 0) load.feed(room.subarray(0, count));
        else load.finish();
      } catch (fault) {
        return failed(fault);
      }
      if (count > 0) return this.readOn(load, from + count, done, failed);
      this.close();
      this.load = null;
      this.events.loading(false);
      done();
    });
  }

  abort(): void {
    this.close();
    if (this.load === null) return;
    this.load.abandon();
    this.load = null;
    this.events.loading(false);
  }

  private close(): void {
    if (this.fd !== null) closeRemoved(this.fd);
    this.fd = null;
  }
}
