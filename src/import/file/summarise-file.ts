// Summarises a data file: its RDB part in full, its commands by name. Read-only.
import { ContentsSummary, type SummaryOptions } from '../../rdb/contents-summary.js';
import { readDataFile, type DataFileEnd } from './read-data-file.js';

export interface FileSummary {
  readonly path: string;
  readonly contents: ContentsSummary;
  /** Number of commands by name, in upper case. */
  readonly commands: ReadonlyMap<string, number>;
  readonly end: DataFileEnd;
}

export interface SummariseOptions extends SummaryOptions {
  readonly signal?: AbortSignal;
  /** Bytes read so far. */
  readonly onProgress?: (bytes: number) => void;
}

/** Throws the system's errors and the signal's reason; damage is part of the result. */
export async function summariseFile(path: string, options: SummariseOptions): Promise<FileSummary> {
  const contents = new ContentsSummary(options);
  const commands = new Map<string, number>();
  const end = await readDataFile(
    path,
    {
      rdb: contents,
      command: ([name = '']) => {
        const known = name.toUpperCase();
        commands.set(known, (commands.get(known) ?? 0) + 1);
      },
      piece: (bytes) => options.onProgress?.(bytes),
    },
    options.signal,
  );
  return { path, contents, commands, end };
}
