// Server replies as values, for RESP2 and RESP3 alike. Bytes are binary strings (char codes 0–255). Not here: parsing
// (reply-parser.ts), sending (command.ts).

/**
 * A `-ERR …` reply. `code` is its first word (`ERR`, `MOVED`, `WRONGTYPE`, …); `message` is the whole line without the dash.
 * `text` is the same as received: a RESP3 error may have several lines, which must not become lines of the output.
 */
export class ReplyError extends Error {
  readonly code: string;
  /** `host:port` of the node that replied, set by the connection; undefined for an error inside an array. */
  node?: string;

  constructor(readonly text: string) {
    const line = text.replace(/\r?\n/g, '\\n');
    super(line);
    this.name = 'ReplyError';
    const blank = line.indexOf(' ');
    this.code = blank < 0 ? line : line.slice(0, blank);
  }
}

/** A RESP3 double; `text` is the server's text (`3.14`, `inf`, `nan`). */
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
 * One reply. Simple strings, bulks and verbatim strings (without their `txt:` mark) are strings; integers are numbers, or
 * bigints beyond 2^53 and for RESP3 big numbers; both nils are null. Errors inside aggregates are ReplyError values.
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

/** UTF-16 text as a binary string of its UTF-8 bytes. */
export function toBinary(text: string): string {
  return Buffer.from(text, 'utf8').toString('latin1');
}

/** A binary string of UTF-8 bytes as text; invalid bytes become U+FFFD. */
export function fromBinary(bytes: string): string {
  return Buffer.from(bytes, 'latin1').toString('utf8');
}
