// Cuts a raw RESP2/RESP3 stream into replies without interpreting them. Deliberately not the package's own parser: the
// parity tests compare bytes.

/** One reply: its bytes as sent, and its elements when it is an aggregate. */
export interface RawReply {
  readonly raw: string;
  /** First byte. */
  readonly type: string;
  /** Elements of arrays, sets and pushes; keys and values in turn for maps. */
  readonly items: readonly RawReply[];
}

const AGGREGATES: Readonly<Record<string, number>> = { '*': 1, '~': 1, '>': 1, '%': 2 };

/** The reply that begins at `at`, or null while bytes are missing. */
export function cutReply(bytes: string, at: number): RawReply | null {
  const lineEnd = bytes.indexOf('\r\n', at);
  if (lineEnd < 0) return null;
  const type = bytes[at]!;
  const length = Number(bytes.slice(at + 1, lineEnd));
  let end = lineEnd + 2;
  if (type === '$' || type === '=') {
    if (length >= 0) end += length + 2;
    return end > bytes.length ? null : { raw: bytes.slice(at, end), type, items: [] };
  }
  const items: RawReply[] = [];
  for (let left = (AGGREGATES[type] ?? 0) * length; left > 0; left--) {
    const item = cutReply(bytes, end);
    if (item === null) return null;
    items.push(item);
    end += item.raw.length;
  }
  return { raw: bytes.slice(at, end), type, items };
}

/** Collects bytes and returns complete replies. */
export class ReplyCutter {
  private bytes = '';

  feed(chunk: string): RawReply[] {
    this.bytes += chunk;
    const replies: RawReply[] = [];
    let at = 0;
    for (let reply = cutReply(this.bytes, at); reply !== null; reply = at < this.bytes.length ? cutReply(this.bytes, at) : null) {
      replies.push(reply);
      at += reply.raw.length;
    }
    this.bytes = this.bytes.slice(at);
    return replies;
  }

  /** Bytes of an unfinished reply. */
  get rest(): string {
    return this.bytes;
  }
}
