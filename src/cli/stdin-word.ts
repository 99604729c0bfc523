// One word of a command taken from stdin, byte by byte: redis-cli's -x and -X (cli.md 1.3). Not here: reading (ui/io.ts).
import { toBinary } from '../resp/reply.js';
import type { Io } from '../ui/io.js';
import { usageError } from './options.js';

export interface StdinWish {
  /** Stdin is one more word, the last. */
  readonly stdinLast: boolean;
  /** Stdin takes the place of the first word that is equal to this. */
  readonly stdinTag: string | undefined;
}

export interface FilledWords {
  /** Binary strings, as they go to the nodes. */
  readonly words: readonly string[];
  /** Which of them came from stdin. */
  readonly fromStdin: number | undefined;
}

/** Where stdin goes; undefined for nowhere. Throws usage errors: both wishes at once, a tag that no word is equal to. */
export function stdinPlace(words: readonly string[], { stdinLast, stdinTag }: StdinWish): number | undefined {
  if (stdinLast && stdinTag !== undefined) throw usageError('Options -x and -X are mutually exclusive', '-x: the last word is read from stdin; -X TAG: the word TAG is');
  if (stdinTag === undefined) return stdinLast ? words.length : undefined;
  const at = words.indexOf(stdinTag);
  if (at < 0) throw usageError(`-X ${stdinTag}: no word of the command is equal to ${stdinTag}`, `write ${stdinTag} in the place of the word that is read from stdin`);
  return at;
}

/** The words of the command, with stdin at its place. Throws what Io.readBytes does. */
export async function fillFromStdin(words: readonly string[], place: number | undefined, io: Io, signal: AbortSignal): Promise<FilledWords> {
  const filled = words.map(toBinary);
  if (place !== undefined) filled[place] = (await io.readBytes(place === words.length ? 'the last word' : `the word for ${words[place] ?? ''}`, signal)).toString('latin1');
  return { words: filled, fromStdin: place };
}
