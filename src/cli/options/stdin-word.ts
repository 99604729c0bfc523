// One argument of a command taken unchanged from stdin: redis-cli's -x and -X (cli.md 1.3). Not here: reading (ui/io.ts).
import { toBinary } from '../../resp/reply.js';
import type { Io } from '../../ui/io.js';
import { usageError } from './options.js';

export interface StdinRequest {
  /** Append stdin as the last argument. */
  readonly stdinLast: boolean;
  /** Replace the first argument that equals this with stdin. */
  readonly stdinTag: string | undefined;
}

export interface FilledWords {
  /** Binary strings, as sent to the nodes. */
  readonly words: readonly string[];
  /** Index of the argument from stdin. */
  readonly fromStdin: number | undefined;
}

/**
 * The index of the argument from stdin; undefined for none. Throws USAGE for both options at once, and for a tag that no argument
 * equals.
 */
export function stdinPlace(words: readonly string[], { stdinLast, stdinTag }: StdinRequest): number | undefined {
  if (stdinLast && stdinTag !== undefined) throw usageError('Options -x and -X are mutually exclusive', '-x appends stdin as the last argument; -X TAG replaces the argument TAG with it');
  if (stdinTag === undefined) return stdinLast ? words.length : undefined;
  const at = words.indexOf(stdinTag);
  if (at < 0) throw usageError(`-X ${stdinTag}: no argument of the command equals ${stdinTag}`, `write ${stdinTag} where stdin must be inserted`);
  return at;
}

/** The arguments of the command, with stdin in its place. Throws as Io.readBytes. */
export async function fillFromStdin(words: readonly string[], place: number | undefined, io: Io, signal: AbortSignal): Promise<FilledWords> {
  const filled = words.map(toBinary);
  if (place !== undefined) filled[place] = (await io.readBytes(place === words.length ? 'the last argument' : `the argument for ${words[place] ?? ''}`, signal)).toString('latin1');
  return { words: filled, fromStdin: place };
}
