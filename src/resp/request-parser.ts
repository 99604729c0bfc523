// The server's half of RESP: bytes from a client become commands, arrays of binary strings. Streaming and resumable; limits and
// protocol errors of persistence-replication.md 5.2. Executes nothing and replies nothing.
import { constants } from 'node:buffer';
import { splitLine } from './inline.js';

/** Maximum length of a header line or inline request without its terminator. */
const MAX_LINE = 65_536;
/** From this length a bulk is collected in parts instead of being scanned again with every read. */
const BIG_BULK = 32_768;
const MAX_ARGC = 2_147_483_647;
/** Maximum arguments accepted: a much longer array of strings would end the process. */
const MAX_ARGS = 1 << 24;

/** Number of arguments allocated at once. */
const AT_ONCE = 256;
/** Maximum length of command names that are cached. */
const MAX_NAME = 16;
/** Size of the name cache, a power of two. */
const NAMES = 64;

const CR = 13;
const LF = 10;
const STAR = 42;
const DOLLAR = 36;
/** Node's own slicer: the same as toString('latin1', …) without the encoding lookup. */
type Bytes = Buffer & { latin1Slice(start: number, end: number): string };

const EMPTY = Buffer.alloc(0) as Bytes;

/** A request that violates the protocol: reply `-ERR Protocol error: <reason>` and close. `reason` is the wire text. */
export class ProtocolError {
  constructor(readonly reason: string) {}
}

export interface RequestLimits {
  /** proto-max-bulk-len in bytes. A JS string holds 512 MiB less 24 bytes; longer ones are always refused. */
  maxBulk: number;
  /** Before authentication only 10 arguments of 16384 bytes are accepted (CVE-2021-32675). */
  authenticated: boolean;
  /** For the stream of a master: everything except arrays and empty lines is a protocol error. */
  arraysOnly?: boolean;
}

/**
 * Usage: `feed` a chunk, call `next` until it returns null, then `retain`, because the chunk may be a buffer shared by all
 * sockets. Unusable after a ProtocolError.
 */
export class RequestParser {
  private buf: Bytes = EMPTY;
  private at = 0;
  private end = 0;
  private argc = 0;
  private args: string[] = [];
  private filled = 0;
  private taken = 0;
  /** Recent names by length and bytes: the same few recur, and a cached string need not be created. */
  private readonly names = new Array<string>(NAMES).fill('');
  private bulk = -1;
  private parts: Buffer[] = [];
  private gathered = 0;

  constructor(private readonly limits: RequestLimits) {}

  /** Bytes held for an incomplete request, for the query buffer limit and CLIENT LIST (qbuf). */
  get pending(): number {
    return this.end - this.at + this.gathered;
  }

  /** Bytes of the parsed arguments of an incomplete request (CLIENT LIST argv-mem). */
  get parsedBytes(): number {
    return this.taken;
  }

  /** Appends `chunk[0..length)`. Copies nothing unless bytes are left over from the previous chunk. */
  feed(chunk: Buffer, length: number): void {
    if (this.at === this.end) {
      this.buf = chunk as Bytes;
      this.at = 0;
      this.end = length;
      return;
    }
    const rest = this.end - this.at;
    const joined = Buffer.allocUnsafe(rest + length);
    this.buf.copy(joined, 0, this.at, this.end);
    chunk.copy(joined, rest, 0, length);
    this.buf = joined as Bytes;
    this.at = 0;
    this.end = joined.length;
  }

  /** Copies unread bytes out of the shared chunk; call when `next` has returned null or reading is suspended. */
  retain(): void {
    if (this.at === this.end) {
      this.buf = EMPTY;
      this.at = this.end = 0;
      return;
    }
    this.buf = Buffer.from(this.buf.subarray(this.at, this.end)) as Bytes;
    this.end -= this.at;
    this.at = 0;
  }

  /** The next complete command (never empty), a ProtocolError, or null when more bytes are needed. */
  next(): string[] | ProtocolError | null {
    for (;;) {
      if (this.argc === 0) {
        if (this.at === this.end) return null;
        const started = this.buf[this.at] === STAR ? this.readHeader() : this.readInline();
        if (started === undefined) continue;
        if (started !== 'array') return started;
      }
      const done = this.readArgs();
      if (done !== true) return done;
      this.filled = this.taken = 0;
      return this.args;
    }
  }

  /** Array header. undefined: an empty array, skip it. */
  private readHeader(): 'array' | ProtocolError | null | undefined {
    const n = this.readNumber();
    if (n === null) return this.overlong('too big mbulk count string');
    if (Number.isNaN(n) || n > MAX_ARGC) return new ProtocolError('invalid multibulk length');
    if (n > 10 && !this.limits.authenticated) return new ProtocolError('unauthenticated multibulk length');
    if (n <= 0) return undefined;
    this.argc = n;
    this.args = new Array<string>(Math.min(n, AT_ONCE));
    return 'array';
  }

  private readArgs(): true | ProtocolError | null {
    const { buf, end } = this;
    while (this.argc > 0) {
      if (this.filled === MAX_ARGS) return new ProtocolError('invalid multibulk length');
      if (this.bulk < 0) {
        const failed = this.readBulkHeader();
        if (failed !== true) return failed;
      }
      if (this.gathered > 0 || this.bulk >= BIG_BULK) {
        if (!this.gather()) return null;
      } else {
        const stop = this.at + this.bulk;
        if (stop + 2 > end) return null;
        this.args[this.filled] = this.filled === 0 && this.bulk <= MAX_NAME ? this.name(this.at, stop) : buf.latin1Slice(this.at, stop);
        this.filled++;
        this.at = stop + 2;
      }
      this.taken += this.bulk;
      this.bulk = -1;
      this.argc--;
    }
    return true;
  }

  /** The first word of a request, from the cache if present. */
  private name(start: number, stop: number): string {
    const { buf, names } = this;
    const length = stop - start;
    const slot = (length * 7 + (length === 0 ? 0 : buf[start]! * 3 + buf[stop - 1]!)) & (NAMES - 1);
    const known = names[slot]!;
    if (known.length === length) {
      let at = 0;
      while (at < length && known.charCodeAt(at) === buf[start + at]) at++;
      if (at === length) return known;
    }
    return (names[slot] = buf.latin1Slice(start, stop));
  }

  private readBulkHeader(): true | ProtocolError | null {
    if (this.at === this.end) return null;
    const first = this.buf[this.at]!;
    if (first !== DOLLAR) {
      // redis-server looks for the whole line first, so an unterminated one is waited for.
      if (this.buf.indexOf(CR, this.at) < 0 || this.end - this.at < 2) return this.overlong('too big bulk count string');
      const shown = first === CR || first === LF ? ' ' : String.fromCharCode(first);
      return new ProtocolError(`expected '$', got '${shown}'`);
    }
    const n = this.readNumber();
    if (n === null) return this.overlong('too big bulk count string');
    if (Number.isNaN(n) || n < 0 || n > this.limits.maxBulk || n > constants.MAX_STRING_LENGTH) return new ProtocolError('invalid bulk length');
    if (n > 16_384 && !this.limits.authenticated) return new ProtocolError('unauthenticated bulk length');
    this.bulk = n;
    return true;
  }

  /** Collects a big bulk in parts, so that each byte is copied at most twice; true when complete. */
  private gather(): boolean {
    const missing = this.bulk + 2 - this.gathered;
    const take = Math.min(missing, this.end - this.at);
    if (take > 0) {
      this.parts.push(Buffer.from(this.buf.subarray(this.at, this.at + take)));
      this.gathered += take;
      this.at += take;
    }
    if (take < missing) return false;
    const whole = this.parts.length === 1 ? this.parts[0]! : Buffer.concat(this.parts, this.gathered);
    this.args[this.filled++] = whole.toString('latin1', 0, this.bulk);
    this.parts = [];
    this.gathered = 0;
    return true;
  }

  /** Reads `<type byte><digits>\r\n` at `at`. null: incomplete. NaN: not a strict integer. */
  private readNumber(): number | null {
    const { buf, end } = this;
    let at = this.at + 1;
    let n = 0;
    // Fast path: one to nine digits without sign.
    const start = at;
    while (at < end) {
      const digit = buf[at]! - 48;
      if (digit < 0 || digit > 9) break;
      n = n * 10 + digit;
      at++;
    }
    if (at + 1 < end && buf[at] === CR && at > start && at - start < 10 && (buf[start] !== 48 || at - start === 1)) {
      this.at = at + 2;
      return n;
    }
    return this.readNumberSlowly();
  }

  private readNumberSlowly(): number | null {
    const cr = this.buf.indexOf(CR, this.at + 1);
    if (cr < 0 || cr + 2 > this.end) return null;
    const text = this.buf.latin1Slice(this.at + 1, cr);
    this.at = cr + 2;
    if (!/^(0|-?[1-9][0-9]{0,18})$/.test(text)) return NaN;
    return Number(text);
  }

  private overlong(reason: string): ProtocolError | null {
    return this.end - this.at > MAX_LINE ? new ProtocolError(reason) : null;
  }

  /** A line that is not an array: split like in a shell. undefined: a blank line, skip it. */
  private readInline(): string[] | ProtocolError | null | undefined {
    const lf = this.buf.indexOf(LF, this.at);
    if (lf < 0 || lf >= this.end) return this.overlong('too big inline request');
    const stop = lf > this.at && this.buf[lf - 1] === CR ? lf - 1 : lf;
    const words = splitLine(this.buf.latin1Slice(this.at, stop));
    this.at = lf + 1;
    if (words === null) return new ProtocolError('unbalanced quotes in request');
    if (words.length === 0) return undefined;
    return this.limits.arraysOnly === true ? new ProtocolError('inline request in the stream of a master') : words;
  }
}
