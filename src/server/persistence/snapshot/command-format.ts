// A snapshot as commands that build the data (persistence-replication.md 3.4): the base of an append-only file with
// aof-use-rdb-preamble no.
import { encodeCommand } from '../../../resp/command.js';
import { formatDouble17 } from '../../types/numbers.js';
import { RawString } from '../../types/raw-string.js';
import type { Value } from '../../types/value.js';
import type { LargeEntry, SnapshotEntry, SnapshotFormat } from './format.js';
import type { LargeKind, LargePart } from './large-value.js';

/** Maximum elements of one command. */
const ITEMS = 64;
/** The command that adds a part of a large value. */
const ADDS: Readonly<Record<LargeKind, string>> = { string: 'APPEND', list: 'RPUSH', set: 'SADD', hash: 'HMSET', zset: 'ZADD' };

export class CommandFormat implements SnapshotFormat {
  private pieces: Buffer[] = [];
  private text = '';
  private bytes = 0;
  private db = -1;
  private large: LargeEntry | null = null;
  /** Always 0: each command is complete by itself. */
  readonly heldBack = 0;

  /** @param second Unix time for a #TS line at the beginning; null: no such line */
  constructor(second: number | null) {
    if (second !== null) this.add(`#TS:${second}\r\n`);
  }

  get length(): number {
    return this.bytes;
  }

  database(db: number): void {
    this.select(db);
  }

  entry({ db, key, value, expireAt }: SnapshotEntry): void {
    this.select(db);
    for (const words of commandsOf(key, value)) this.add(encodeCommand(words));
    if (expireAt !== null) this.add(encodeCommand(['PEXPIREAT', key, expireAt]));
  }

  beginLarge(entry: LargeEntry): void {
    this.large = entry;
  }

  partOfLarge({ items, scores }: LargePart): void {
    const { db, key, kind } = this.large!;
    this.select(db);
    const words = kind === 'zset' ? items.flatMap((member, i) => [formatDouble17(scores[i]!), member]) : items;
    const width = kind === 'zset' || kind === 'hash' ? 2 : 1;
    for (const command of batches([ADDS[kind], key], words, width)) this.add(encodeCommand(command));
  }

  endLarge(): void {
    const { db, key, expireAt } = this.large!;
    this.large = null;
    if (expireAt === null) return;
    this.select(db);
    this.add(encodeCommand(['PEXPIREAT', key, expireAt]));
  }

  private select(db: number): void {
    if (db === this.db) return;
    this.db = db;
    this.add(encodeCommand(['SELECT', db]));
  }

  private add(text: string): void {
    this.text += text;
    this.bytes += text.length;
    if (this.text.length > 64 * 1024) this.pack();
  }

  private pack(): void {
    if (this.text !== '') this.pieces.push(Buffer.from(this.text, 'latin1'));
    this.text = '';
  }

  take(): Buffer {
    this.pack();
    const bytes = Buffer.concat(this.pieces);
    this.pieces = [];
    this.bytes = 0;
    return bytes;
  }

  end(): Buffer {
    return this.take();
  }
}

/** The commands that make a value under a key that does not exist. */
export function* commandsOf(key: string, value: Value): Generator<string[]> {
  if (typeof value === 'string' || typeof value === 'number' || value instanceof RawString) {
    yield ['SET', key, value.toString()];
    return;
  }
  switch (value.kind) {
    case 'list':
      return yield* batches(['RPUSH', key], value, 1);
    case 'set':
      return yield* batches(['SADD', key], value.members(), 1);
    case 'hash':
      return yield* batches(['HMSET', key], value.entries(), 2);
    case 'zset': {
      const { members, scores } = value.range(0, value.size);
      return yield* batches(['ZADD', key], members.flatMap((member, i) => [formatDouble17(scores[i]!), member]), 2);
    }
  }
}

function* batches(head: readonly string[], items: Iterable<string>, width: number): Generator<string[]> {
  let words = [...head];
  for (const item of items) {
    words.push(item);
    if (words.length < head.length + ITEMS * width) continue;
    yield words;
    words = [...head];
  }
  if (words.length > head.length) yield words;
}
