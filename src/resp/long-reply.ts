// Replies that may be longer than a JS string or much larger than their data; they are written in parts.
import { PIECE, PairsReply, Shape, bulkHeader, writeItems } from './server-reply.js';
import type { Protocol, ReplyOutput, ServerReply } from './server-reply.js';

/**
 * An array whose elements are generated while it is written, for replies much larger than their data (random picks with
 * repeats). Pairs nest in RESP3 as in PairsReply.
 */
export class GeneratedReply extends Shape {
  constructor(readonly rows: number, readonly width: 1 | 2, readonly row: () => readonly ServerReply[]) {
    super();
  }
  write(out: ReplyOutput, protocol: Protocol): void {
    const nested = protocol === 3 && this.width === 2;
    const before = nested ? '*2\r\n' : '';
    out.add(`*${nested ? this.rows : this.rows * this.width}\r\n`);
    for (let i = 0; i < this.rows && !out.closing; i++) writeItems(before, this.row(), out, protocol);
  }
  /**
   * The same reply with its elements generated now, for callers that cannot write it at once. Throws a RangeError beyond the
   * maximum array length.
   */
  settled(): ServerReply {
    const flat: ServerReply[] = [];
    for (let i = 0; i < this.rows; i++) for (const item of this.row()) flat.push(item);
    return this.width === 2 ? new PairsReply(flat) : flat;
  }
}

/** A bulk string in parts: longer than a JS string can be, or text that need not be joined. */
export class LongBulk extends Shape {
  constructor(readonly parts: readonly string[]) {
    super();
  }
  write(out: ReplyOutput): void {
    let length = 0;
    for (const part of this.parts) length += part.length;
    out.add(bulkHeader(length));
    writeParts(this.parts, out);
    out.add('\r\n');
  }
}

/** `+text` in parts (MONITOR). No part contains CR or LF. */
export class LongSimple extends Shape {
  constructor(readonly parts: readonly string[]) {
    super();
  }
  write(out: ReplyOutput): void {
    out.add('+');
    writeParts(this.parts, out);
    out.add('\r\n');
  }
}

function writeParts(parts: readonly string[], out: ReplyOutput): void {
  for (const part of parts) {
    if (part.length < PIECE) out.add(part);
    else out.addLong(part);
  }
}
