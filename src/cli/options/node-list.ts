// Lists of nodes on a command line: words with commas, or @FILE with one or several names per line. Not here: finding the nodes.
import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { usageError } from './options.js';

/** Text after # in a line is a comment. */
function wordsOf(text: string): string[] {
  return text.split('\n').flatMap((line) => line.replace(/#.*/, '').split(/[\s,]+/)).filter((word) => word !== '');
}

/**
 * `@FILE` becomes the words in the file. Throws a usage error for a file that cannot be read or is empty; `wanted`: its
 * expected content.
 */
export async function readNodeList(words: readonly string[], cwd: string, wanted = 'ids or addresses of nodes'): Promise<string[]> {
  const lists = words.map(async (word) => {
    if (!word.startsWith('@')) return [word];
    const path = resolve(cwd, word.slice(1));
    const text = await readFile(path, 'utf8').catch((error: unknown) => {
      throw usageError(`The list ${path} cannot be read: ${(error as NodeJS.ErrnoException).code ?? 'unknown error'}`, `write ${wanted} into it, one per line`);
    });
    const found = wordsOf(text);
    if (found.length === 0) throw usageError(`The list ${path} is empty`, `write ${wanted} into it, one per line`);
    return found;
  });
  return (await Promise.all(lists)).flat();
}
