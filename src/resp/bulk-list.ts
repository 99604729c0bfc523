// An array of bulk strings in wire format, for passing keys from a reply to a command without decoding. Not here: finding one
// in a stream (reply-parser.ts).
import { encodeBulks } from './command.js';

/** Bulk strings, kept as `$3\r\nfoo\r\n…` without the array's header. */
export class BulkList {
  private constructor(
    readonly length: number,
    /** As a binary string. */
    readonly bytes: string,
    private parts: readonly string[] | undefined,
  ) {}

  /** `bytes` must hold exactly `length` whole bulk strings. */
  static ofBytes(length: number, bytes: string): BulkList {
    return new BulkList(length, bytes, undefined);
  }

  static of(words: readonly string[]): BulkList {
    return new BulkList(words.length, encodeBulks(words), words);
  }

  /** The strings; decoded on first use. */
  get words(): readonly string[] {
    this.parts ??= this.takeApart();
    return this.parts;
  }

  /** The first `count`, or all when there are fewer. */
  first(count: number): BulkList {
    if (count >= this.length) return this;
    let end = 0;
    for (let left = count; left > 0; left--) end = this.bulkAt(end).next;
    return BulkList.ofBytes(count, this.bytes.slice(0, end));
  }

  private takeApart(): string[] {
    const words: string[] = [];
    for (let at = 0; at < this.bytes.length; ) {
      const { start, end, next } = this.bulkAt(at);
      words.push(this.bytes.slice(start, end));
      at = next;
    }
    return words;
  }

  private bulkAt(at: number): { readonly start: number; readonly end: number; readonly next: number } {
    const line = this.bytes.indexOf('\r', at);
    const start = line + 2;
    const end = start + Number(this.bytes.slice(at + 1, line));
    return { start, end, next: end + 2 };
  }
}
