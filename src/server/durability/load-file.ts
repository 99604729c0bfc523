// Reads a file piece by piece, and yields to the event loop between pieces.
import { open } from 'node:fs/promises';
import type { LoadProgress } from '../keyspace/data-guard.js';

/** Bytes parsed in one turn: some milliseconds of work. */
const PIECE = 256 * 1024;

/**
 * Calls `take` with one piece after the other, each in a new buffer, until the end or until it returns false.
 * Throws the system's errors and what `take` throws.
 */
export async function readPieces(path: string, progress: LoadProgress, take: (bytes: Buffer) => boolean): Promise<void> {
  const handle = await open(path, 'r');
  try {
    for (;;) {
      const buffer = Buffer.allocUnsafe(PIECE);
      const { bytesRead } = await handle.read(buffer, 0, PIECE, null);
      if (bytesRead === 0) return;
      progress.loaded += bytesRead;
      if (!take(buffer.subarray(0, bytesRead))) return;
    }
  } finally {
    await handle.close();
  }
}
