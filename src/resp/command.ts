// Encodes commands as RESP arrays of bulk strings, in binary strings. Not here: replies, inline commands.

/** One word of a command: a binary string (char codes 0–255), a number, or bytes. */
export type Arg = string | number | bigint | Buffer;

/** Words that are encoded already (bulk-list.ts). */
export interface EncodedWords {
  readonly length: number;
  readonly bytes: string;
}

function word(arg: Arg): string {
  if (typeof arg === 'string') return arg;
  return Buffer.isBuffer(arg) ? arg.toString('latin1', 0, arg.length) : String(arg);
}

/** Headers of bulk strings by length: a prepared string is joined twice as fast as one made of its parts each time. */
const BULK_HEADERS = Array.from({ length: 1024 }, (_, length) => `$${length}\r\n`);

/** Words as bulk strings, without the header of an array. */
export function encodeBulks(args: readonly Arg[]): string {
  let out = '';
  for (const arg of args) {
    const text = word(arg);
    out += `${BULK_HEADERS[text.length] ?? `$${text.length}\r\n`}${text}\r\n`;
  }
  return out;
}

/** The bytes of one command as a binary string; write it with the encoding 'latin1'. */
export function encodeCommand(args: readonly Arg[]): string {
  return `*${args.length}\r\n${encodeBulks(args)}`;
}

/** Words in encoded form, for commands with a common beginning. */
export function encodeWords(args: readonly Arg[]): EncodedWords {
  return { length: args.length, bytes: encodeBulks(args) };
}

/** One command from encoded words. */
export function joinCommand(head: EncodedWords, tail: EncodedWords): string {
  return `*${head.length + tail.length}\r\n${head.bytes}${tail.bytes}`;
}

/** The bytes of several commands sent in one write. */
export function encodeCommands(commands: readonly (readonly Arg[])[]): string {
  let out = '';
  for (const command of commands) out += encodeCommand(command);
  return out;
}
