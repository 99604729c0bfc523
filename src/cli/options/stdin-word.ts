// One word of a command taken from stdin, byte by byte: redis-cli's -x and -X (cli.md 1.3). Not here: reading (ui/io.ts).
import { toBinary } from '../../resp/reply.js';
import type { Io } from '../../ui/io.js';
import { usageError } from './options.js';

export interface StdinRequest {
  /** Stdin becomes an additional last word. */
  readonly stdinLast: boolean;
  /** Stdin replaces the first word that is equal to this. */
  readonly stdinTag: string | undefined;
}

export interface FilledWords {
  /** Binary strings, as sent to the nodes. */
  readonly words: readonly string[];
  /** Index of the word from stdin. */
  readonly fromStdin: number | undefined;
}

/**
 * The index of the word from stdin; undefined for none. Throws usage errors: both options at once, a tag that no word equals.
 */
export function stdinPlace(words: readonly string[], { stdinLast, stdinTag }: StdinRequest): number | undefined {
  if (stdinLast && stdinTag !== undefined) throw usageError('Options -x and -X are mutually exclusive', '-x appends stdin as the last word; -X TAG replaces the word TAG by it');
  if (stdinTag === undefined) return stdinLast ? words.length : undefined;
  const at = words.indexOf(stdinTag);
  if (at < 0) throw usageError(`-X ${stdinTag}: no word of the command is equal to ${stdinTag}`, `write ${stdinTag} where stdin must be inserted`);
  return at;
}

/** The words of the command, with stdin in its place. Throws as Io.readBytes. */
export async function fillFromStdin(words: readonly string[], place: number | undefined, io: Io, signal: AbortSignal): Promise<FilledWords> {
  const filled = words.map(toBinary);
  if (place !== undefined) filled[place] = (await io.readBytes(place === words.length ? 'the last word' : `the word for ${words[place] ?? ''}`, signal)).toString('latin1');
  return { words: filled, fromStdin: place };
}
