// Effects as the bytes that replicas get (persistence-replication.md 4.5, 4.8): SELECT before a change of database, MULTI and
// EXEC around a transaction. Bytes are collected and passed on once per event loop turn; the offset counts them at once.
import type { WriteEffect, EffectSink } from '../exec/effects.js';
import type { ReplicationHistory } from './history.js';

/** A word of this length or more is passed on separately instead of being joined with others. */
const LONG_WORD = 64 * 1024;
/** Collected text of this length is passed on before the turn ends. */
const PIECE = 256 * 1024;
/** Lengths below this have a precomputed header. */
const SHORT = 512;

const HEADERS: readonly string[] = Array.from({ length: SHORT }, (_, length) => `$${length}\r\n`);
const MULTI = '*1\r\n$5\r\nMULTI\r\n';
const EXEC = '*1\r\n$4\r\nEXEC\r\n';

export class ReplicationStream implements EffectSink {
  private text = '';
  private scheduled = false;
  /** Database that the last command of the stream was for; -1: the next command is preceded by SELECT. */
  private db = -1;

  /** @param deliver gets the bytes in order; they are shared and must not be changed. */
  constructor(private readonly history: ReplicationHistory, private readonly deliver: (bytes: Buffer) => void) {}

  /** The selected database for the AUX field repl-stream-db of an RDB written now. */
  get selected(): number {
    return Math.max(0, this.db);
  }

  /** The next command is preceded by SELECT: a replica joins that has not seen the last one. */
  forgetDatabase(): void {
    this.db = -1;
  }

  append(unit: readonly WriteEffect[]): void {
    const several = unit.length > 1;
    if (several) {
      this.select(unit[0]!.db);
      this.write(MULTI);
    }
    for (const { db, words } of unit) {
      if (db !== this.db) this.select(db);
      this.command(words);
    }
    if (several) this.write(EXEC);
  }

  private select(db: number): void {
    if (db === this.db) return;
    this.db = db;
    const digits = String(db);
    this.write(`*2\r\n$6\r\nSELECT\r\n$${digits.length}\r\n${digits}\r\n`);
  }

  /** A command of the stream itself, for no database (PING, REPLCONF GETACK). */
  command(words: readonly string[]): void {
    let text = `*${words.length}\r\n`;
    for (const word of words) {
      const { length } = word;
      text += length < SHORT ? HEADERS[length]! : `$${length}\r\n`;
      if (length < LONG_WORD) {
        text += `${word}\r\n`;
        continue;
      }
      this.write(text);
      this.writeLong(word);
      text = '\r\n';
    }
    this.write(text);
  }

  private write(text: string): void {
    this.history.offset += text.length;
    this.text += text;
    if (this.text.length > PIECE) this.flush();
    else this.schedule();
  }

  private schedule(): void {
    if (this.scheduled) return;
    this.scheduled = true;
    // After all sockets that are readable in this turn: one write for the commands of many clients.
    setImmediate(() => {
      this.scheduled = false;
      this.flush();
    });
  }

  private writeLong(word: string): void {
    this.flush();
    this.history.offset += word.length;
    this.deliver(Buffer.from(word, 'latin1'));
  }

  /** Delivers the collected bytes; afterwards everything up to the offset has been delivered. */
  flush(): void {
    if (this.text === '') return;
    const bytes = Buffer.from(this.text, 'latin1');
    this.text = '';
    this.deliver(bytes);
  }

  /** Drops what is collected: there is no replica and no backlog. */
  discard(): void {
    this.text = '';
  }
}
