// A replica that only listens: it asks a real server for a full synchronisation, skips the RDB and reads the commands that
// follow. And the same view of our node's effects, so that the two can be compared.
import net from 'node:net';
import { RequestParser } from '../../src/resp/request-parser.js';
import type { WriteEffect, EffectSink } from '../../src/server/exec/effects.js';

/** Commands that belong together, each as `db|word word …`. */
export type Unit = readonly string[];

const shownEffect = (db: number, words: readonly string[]): string => `${db}|${words.map((word) => JSON.stringify(word)).join(' ')}`;

/** Collects units as a sink of our node. */
export class CollectingSink implements EffectSink {
  private units: Unit[] = [];
  append(unit: readonly WriteEffect[]): void {
    this.units.push(unit.map(({ db, words }) => shownEffect(db, words)));
  }
  take(): Unit[] {
    return this.units.splice(0);
  }
}

/** The stream of a real server, from its RDB on. */
export class StreamReader {
  private head = '';
  private rdbLeft = -1;
  private readonly parser = new RequestParser({ maxBulk: 1 << 29, authenticated: true });
  private db = 0;
  private open: string[] | null = null;
  private units: Unit[] = [];
  private notify: () => void = () => {};

  private constructor(private readonly socket: net.Socket) {
    socket.on('data', (chunk: Buffer) => {
      this.feed(chunk);
      this.notify();
    });
    socket.on('error', () => socket.destroy());
  }

  /** Resolves when the stream begins. The server must not use repl-diskless-sync. */
  static async connect(port: number): Promise<StreamReader> {
    const socket = net.connect({ host: '127.0.0.1', port });
    await new Promise<void>((resolve, reject) => socket.once('connect', () => resolve()).once('error', reject));
    const reader = new StreamReader(socket);
    socket.write('PSYNC ? -1\r\n');
    await reader.until(() => reader.rdbLeft === 0, 'the RDB');
    return reader;
  }

  private feed(chunk: Buffer): void {
    let rest = chunk;
    while (this.rdbLeft < 0) {
      const end = rest.indexOf('\n');
      this.head += rest.subarray(0, end < 0 ? rest.length : end + 1).toString('latin1');
      if (end < 0) return;
      rest = rest.subarray(end + 1);
      const size = /^\$(\d+)\r\n$/.exec(this.head);
      if (size) this.rdbLeft = Number(size[1]);
      this.head = '';
    }
    const skipped = Math.min(this.rdbLeft, rest.length);
    this.rdbLeft -= skipped;
    rest = rest.subarray(skipped);
    if (rest.length === 0) return;
    this.parser.feed(rest, rest.length);
    for (let request = this.parser.next(); request !== null; request = this.parser.next()) this.note(request as readonly string[]);
    this.parser.retain();
  }

  private note(words: readonly string[]): void {
    const [name] = words as [string];
    if (name === 'SELECT') this.db = Number(words[1]);
    else if (name === 'MULTI') this.open = [];
    else if (name === 'EXEC') {
      this.units.push(this.open ?? []);
      this.open = null;
    } else if (name !== 'PING' && name !== 'REPLCONF') {
      const shown = shownEffect(this.db, words);
      if (this.open === null) this.units.push([shown]);
      else this.open.push(shown);
    }
  }

  async until(condition: () => boolean, what: string, ms = 20_000): Promise<void> {
    if (condition()) return;
    await new Promise<void>((resolve, reject) => {
      const timer = setTimeout(() => reject(new Error(`the replication stream did not bring ${what} in ${ms} ms`)), ms);
      this.notify = () => {
        if (!condition()) return;
        clearTimeout(timer);
        this.notify = () => {};
        resolve();
      };
    });
  }

  /** All units before the one that ends with `mark`; waits for that. */
  async takeUntil(mark: string): Promise<Unit[]> {
    const at = (): number => this.units.findIndex((unit) => unit.at(-1)!.endsWith(mark));
    await this.until(() => at() >= 0, mark);
    const taken = this.units.splice(0, at());
    this.units.shift();
    return taken;
  }

  close(): void {
    this.socket.destroy();
  }
}
