// Reads the files of an append-only file in order, as numbered items: keys of RDB parts and units of commands. An item's
// number is its place in all the bytes, counted from 1, so every pass over the same files gives the same numbers, also within
// a transaction: a first pass finds the number of the last flush, and a second pass skips the items before it.
import { AofReplay, type ReplayItem } from '../../aof/replay.js';
import { skipBody } from '../../rdb/skip-value.js';
import type { KeyFacts } from '../../rdb/file-reader.js';
import type { FileDamage } from './read-data-file.js';
import { readDataFile } from './read-data-file.js';

export interface AofVisitor {
  /** A key of an RDB part. */
  entry(number: number, database: number, key: string, type: number, body: Buffer, facts: KeyFacts): void;
  item(number: number, item: ReplayItem, file: string): void;
  library?(): void;
  /** All items of the bytes read so far have been passed to the visitor. */
  piece?(bytes: number): Promise<void> | void;
}

export interface AofEnd {
  readonly bytes: number;
  readonly damage: (FileDamage & { readonly file: string }) | undefined;
  /** The last file ends in the middle of a command or a transaction, which begins here and was left out. */
  readonly truncated: { readonly file: string; readonly offset: number } | undefined;
}

/** Reads to the end or to the first damage. `wanted`: as in AofReplay. Throws as readDataFile. */
export async function readAof(files: readonly string[], visitor: AofVisitor, wanted?: (database: number, key: string) => boolean, signal?: AbortSignal): Promise<AofEnd> {
  let before = 0;
  const numberOf = (offset: number): number => before + offset + 1;
  for (const [index, file] of files.entries()) {
    const replay = new AofReplay(wanted);
    const end = await readDataFile<{ type: number; body: Buffer }>(
      file,
      {
        rdb: {
          value(type, reader) {
            const start = reader.position;
            skipBody(type, reader);
            return { type, body: reader.since(start) };
          },
          entry: (database, key, { type, body }, facts) => visitor.entry(numberOf(facts.offset), database, key, type, body, facts),
          // The commands say how such an import ended.
          importing: (database, key, { type, body }, facts) => visitor.entry(numberOf(facts.offset), database, key, type, body, facts),
          slotImport: ({ job, slots }) => visitor.item(numberOf(0), { kind: 'import-begin', job, source: undefined, slots, offset: 0 }, file),
          library: () => visitor.library?.(),
        },
        command(words, offset) {
          for (const item of replay.take(words, offset)) visitor.item(numberOf(item.offset), item, file);
        },
        piece: (bytes) => visitor.piece?.(before + bytes),
      },
      signal,
    );
    before += end.bytes;
    // After the RDB part of an append-only file servers read commands, and refuse anything else.
    if (end.damage === undefined && end.trailing > 0) return { bytes: before, damage: { file, offset: end.bytes - end.trailing, key: null, reason: `${end.trailing} bytes after the RDB part are not commands` }, truncated: undefined };
    if (end.damage !== undefined) return { bytes: before, damage: { ...end.damage, file }, truncated: undefined };
    const cut = replay.openTransaction ?? end.truncatedAt;
    if (cut === undefined) continue;
    // Only the last file may end with an incomplete command (3.3): a crash cuts what was written last.
    if (index < files.length - 1) return { bytes: before, damage: { file, offset: cut, key: null, reason: 'it ends in the middle of a command, and is not the last file' }, truncated: undefined };
    return { bytes: before, damage: undefined, truncated: { file, offset: cut } };
  }
  return { bytes: before, damage: undefined, truncated: undefined };
}
