// What a server can answer, as values: RESP2 and RESP3 alike. Bytes are binary strings (char codes 0–255).
// Not here: turning bytes into these values (reply-parser.ts), sending (command.ts).

/** A `-ERR …` reply. `code` is its first word (`ERR`, `MOVED`, `WRONGTYPE`, …); `message` is the whole line without the dash. */
export class ReplyError extends Error {
  readonly code: string;

  constructor(line: string) {
    super(line);
    this.name = 'ReplyError';
    const blank = line.indexOf(' ');
    this.code = blank < 0 ? line : line.slice(0, blank);
  }
}

/** A RESP3 double; `text` is what the server wrote (`3.14`, `inf`, `nan`). */
export class DoubleReply {
  constructor(
    readonly value: number,
    readonly text: string,
  ) {}
}

/** A RESP3 out-of-band message: pub/sub, client tracking invalidation. */
export class PushReply {
  constructor(readonly items: Reply[]) {}
}

/**
 * One reply. Simple strings, bulks and verbatim strings (without their `txt:` mark) are strings; integers are numbers,
 * or bigints beyond 2^53 and for RESP3 big numbers; both nils are null. Errors inside aggregates are ReplyError values.
 */
export type Reply =
  | string
  | number
  | bigint
  | boolean
  | null
  | DoubleReply
  | ReplyError
  | Reply[]
  | Map<Reply, Reply>
  | Set<Reply>
  | PushReply;

/** Text a person or a config holds (UTF-16) as a binary string of its UTF-8 bytes. */
export function toBinary(text: string): string {
  return Buffer.from(text, 'utf8').toString('latin1');
}

/** A binary string of UTF-8 bytes as text; bytes that are no UTF-8 become U+FFFD. */
export function fromBinary(bytes: string): string {
  return Buffer.from(bytes, 'latin1').toString('utf8');
}
