// Follows growing files line by line, as `tail -f` does. Polls sizes, because file watching differs between systems.
import { open } from 'node:fs/promises';
import { setTimeout as wait } from 'node:timers/promises';

const POLL_MS = 200;

interface Tail {
  readonly path: string;
  offset: number;
  rest: string;
}

async function readMore(tail: Tail, onLine: (path: string, line: string) => void): Promise<void> {
  const file = await open(tail.path, 'r');
  try {
    const { size } = await file.stat();
    if (size < tail.offset) tail.offset = 0; // It was truncated: start again.
    const { buffer, bytesRead } = await file.read(Buffer.alloc(size - tail.offset), 0, size - tail.offset, tail.offset);
    tail.offset += bytesRead;
    const lines = (tail.rest + buffer.toString('utf8', 0, bytesRead)).split('\n');
    tail.rest = lines.pop() ?? '';
    for (const line of lines) onLine(tail.path, line);
  } finally {
    await file.close();
  }
}

/** Calls `onLine` for each line that is added from now on. Resolves when the signal aborts or a file is removed. */
export async function followFiles(paths: readonly string[], signal: AbortSignal, onLine: (path: string, line: string) => void): Promise<void> {
  const tails: Tail[] = [];
  for (const path of paths) {
    const file = await open(path, 'r');
    tails.push({ path, offset: (await file.stat()).size, rest: '' });
    await file.close();
  }
  while (!signal.aborted) {
    try {
      for (const tail of tails) await readMore(tail, onLine);
      await wait(POLL_MS, undefined, { signal });
    } catch (error) {
      if (signal.aborted || (error as NodeJS.ErrnoException).code === 'ENOENT') return;
      throw error;
    }
  }
}
