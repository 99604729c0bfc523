// Streaming parser of server replies, RESP2 and RESP3, for any split of the stream. No work is repeated: open aggregates are on
// a stack, a partial bulk collects its parts. Not here: the server's command decoder.
import { ExitCode, TribError } from '../errors.js';
import { BulkList } from './bulk-list.js';
import type { Reply } from './reply.js';
import { DEFAULT_REPLY_BYTES, ELEMENT_COST, ReplyBudget, TABLE_ELEMENT_COST } from './reply-budget.js';
import { DoubleReply, PushReply, ReplyError } from './reply.js';

/** Longest accepted header, simple string or error line; real servers stay far below. */
const MAX_LINE = 16 * 1024 * 1024;
const MAX_BULK = 536_870_888; // V8's longest string; redis allows 512 MB values, 24 bytes more
const MAX_DEPTH = 1024;
/** Maximum digits of an integer and of a RESP3 big number; converting more takes seconds. */
const MAX_DIGITS = 4096;
const EMPTY = Buffer.alloc(0);
const BULK = 0x24; // $
const ARRAY = 0x2a; // *

type FrameKind = 'array' | 'map' | 'set' | 'push' | 'attribute';

interface Frame {
  readonly kind: FrameKind;
  readonly items: Reply[];
  /** Missing elements; -1 for a streamed aggregate that ends with `.`. */
  missing: number;
  /** Bytes charged for an element's slot. */
  readonly elementCost: number;
}

/** Marks "not enough bytes yet" and "nothing to return" (an attribute, the end of a streamed aggregate). */
const WAIT = Symbol('wait');
const OPENED = Symbol('opened');

function protocolError(detail: string): TribError {
  return new TribError('PROTOCOL', `Protocol error: ${detail}`, {
    hint: 'check that the address is a Redis or Valkey port, and use TLS on both sides or on none',
    exitCode: ExitCode.unreachable,
  });
}

/** Feed it chunks, take replies. After a thrown TribError (PROTOCOL, REPLY_TOO_LARGE) the stream is unusable. */
export class ReplyParser {
  private buffer: Buffer = EMPTY;
  private position = 0;
  /** Where the search for the end of the current line continues. */
  private scanned = 0;
  private readonly stack: Frame[] = [];
  /** Parts of a bulk whose header was read; bulkMissing counts the missing bytes, without CRLF. */
  private bulkPieces: string[] = [];
  private bulkMissing = -1;
  private bulkType = 0;
  private streamed: string[] | undefined;
  /** Read position of lengthAt. */
  private cursor = 0;
  private readonly budget: ReplyBudget;
  private steps = 0;

  /** `maxReplyBytes`: memory limit of one reply. */
  constructor(maxReplyBytes = DEFAULT_REPLY_BYTES) {
    this.budget = new ReplyBudget(maxReplyBytes);
  }

  /** Grows with received reply data. Attributes and pushes do not count, because they are not replies to a request. */
  get progress(): number {
    return this.steps;
  }

  feed(chunk: Buffer): void {
    if (this.position >= this.buffer.length) this.buffer = chunk;
    else this.buffer = Buffer.concat([this.buffer.subarray(this.position), chunk]);
    this.scanned = Math.max(0, this.scanned - this.position);
    this.position = 0;
  }

  /** The next complete reply, or undefined until more is fed. Throws TribError PROTOCOL on malformed input, REPLY_TOO_LARGE. */
  next(): Reply | undefined {
    for (;;) {
      let value: Reply | typeof WAIT | typeof OPENED = this.bulkMissing >= 0 ? this.continueBulk() : this.readHeader();
      if (value === WAIT) return undefined;
      if (value === OPENED) continue;
      for (;;) {
        const frame = this.stack[this.stack.length - 1];
        if (frame === undefined) return this.handOut(value);
        this.budget.element(value, frame.elementCost);
        frame.items.push(value);
        this.advance();
        if (frame.missing < 0 || --frame.missing > 0) break;
        this.stack.pop();
        const whole = assemble(frame);
        if (whole === OPENED) break;
        value = whole;
      }
    }
  }

  private handOut(value: Reply): Reply {
    this.budget.reset();
    if (!(value instanceof PushReply)) this.steps++;
    return value;
  }

  private advance(): void {
    const kind = this.stack[0]?.kind;
    if (kind !== 'attribute' && kind !== 'push') this.steps++;
  }

  /**
   * The next reply if it is an array of bulk strings that has arrived completely; otherwise undefined with nothing consumed:
   * call `next` then.
   */
  nextBulks(): BulkList | undefined {
    if (this.stack.length > 0 || this.bulkMissing >= 0 || this.streamed !== undefined) return undefined;
    this.cursor = this.position;
    const count = this.lengthAt(ARRAY);
    const start = this.cursor;
    if (count < 0) return undefined;
    for (let left = count; left > 0; left--) {
      const size = this.lengthAt(BULK);
      const end = this.cursor + size;
      if (size < 0 || this.buffer[end] !== 13 || this.buffer[end + 1] !== 10) return undefined;
      this.cursor = end + 2;
    }
    this.position = this.cursor;
    this.scanned = this.cursor;
    return BulkList.ofBytes(count, this.buffer.toString('latin1', start, this.cursor));
  }

  /** Reads `<type><digits>\r\n` at the cursor and advances it; -1 when it is absent or incomplete. */
  private lengthAt(type: number): number {
    const { buffer } = this;
    let at = this.cursor;
    if (buffer[at] !== type) return -1;
    let value = 0;
    for (at++; ; at++) {
      const digit = (buffer[at] ?? 0) - 0x30;
      if (digit < 0 || digit > 9) break;
      value = value * 10 + digit;
      if (value > MAX_BULK) return -1;
    }
    if (at === this.cursor + 1 || buffer[at] !== 13 || buffer[at + 1] !== 10) return -1;
    this.cursor = at + 2;
    return value;
  }

  private readLine(): string | undefined {
    const end = this.buffer.indexOf(10, Math.max(this.scanned, this.position));
    if (end < 0) {
      this.scanned = this.buffer.length;
      if (this.buffer.length - this.position > MAX_LINE) throw protocolError('a line without end');
      return undefined;
    }
    if (end === this.position || this.buffer[end - 1] !== 13) throw protocolError('a line without carriage return');
    const line = this.buffer.toString('latin1', this.position, end - 1);
    this.position = end + 1;
    this.scanned = this.position;
    return line;
  }

  private readHeader(): Reply | typeof WAIT | typeof OPENED {
    this.cursor = this.position;
    const size = this.lengthAt(BULK); // Nearly all replies consist of these.
    if (size >= 0) {
      this.position = this.cursor;
      this.scanned = this.cursor;
      return this.startBulk(BULK, size);
    }
    const line = this.readLine();
    if (line === undefined) return WAIT;
    const type = line.charCodeAt(0);
    switch (type) {
      case 0x2b: // +
        return line.slice(1);
      case 0x2d: // -
        return new ReplyError(line.slice(1));
      case 0x3a: // :
        return integer(line);
      case BULK:
      case 0x3d: // = verbatim
      case 0x21: // ! blob error
        return this.openBulk(type, line);
      case 0x3b: // ; chunk of a streamed string
        return this.openChunk(line);
      case 0x2e: // . end of a streamed aggregate
        return this.closeStreamed();
      case ARRAY:
        return this.open('array', line, 1);
      default:
        return this.readResp3(type, line);
    }
  }

  private readResp3(type: number, line: string): Reply | typeof OPENED {
    switch (type) {
      case 0x5f: // _
        return null;
      case 0x23: // #
        if (line !== '#t' && line !== '#f') throw protocolError(`bad boolean ${quote(line)}`);
        return line === '#t';
      case 0x2c: // ,
        return double(line.slice(1));
      case 0x28: // (
        if (line.length > MAX_DIGITS || !/^\([+-]?\d+$/.test(line)) throw protocolError(`bad big number ${quote(line)}`);
        return BigInt(line.slice(1));
      case 0x25: // %
        return this.open('map', line, 2);
      case 0x7e: // ~
        return this.open('set', line, 1);
      case 0x3e: // >
        return this.open('push', line, 1);
      case 0x7c: // |
        return this.open('attribute', line, 2);
      default:
        throw protocolError(`unexpected byte ${quote(line)}`);
    }
  }

  private open(kind: FrameKind, line: string, factor: number): Reply | typeof OPENED {
    const streamed = line === `${line[0] ?? ''}?`;
    const count = streamed ? -1 : length(line);
    if (count < 0 && !streamed) return null;
    const elementCost = kind === 'map' || kind === 'set' ? TABLE_ELEMENT_COST : ELEMENT_COST;
    this.budget.announce(count * factor * elementCost);
    const frame: Frame = { kind, items: [], missing: count * factor, elementCost };
    if (count === 0) return assemble(frame);
    if (this.stack.length >= MAX_DEPTH) throw protocolError('reply nested too deeply');
    this.stack.push(frame);
    return OPENED;
  }

  private closeStreamed(): Reply | typeof OPENED {
    const frame = this.stack.pop();
    if (frame === undefined || frame.missing >= 0) throw protocolError('unexpected end of a streamed reply');
    return assemble(frame);
  }

  private openBulk(type: number, line: string): Reply | typeof WAIT | typeof OPENED {
    if (line === '$?') {
      this.streamed = [];
      return OPENED;
    }
    const size = length(line);
    if (size < 0) return null;
    return this.startBulk(type, size);
  }

  private openChunk(line: string): Reply | typeof WAIT | typeof OPENED {
    if (this.streamed === undefined) throw protocolError('unexpected string chunk');
    const size = length(line);
    if (size > 0) return this.startBulk(0x3b, size);
    const whole = this.streamed.join('');
    this.streamed = undefined;
    return whole;
  }

  private startBulk(type: number, size: number): Reply | typeof WAIT | typeof OPENED {
    if (size > MAX_BULK) throw protocolError(`bulk of ${size} bytes`);
    this.budget.announce(size);
    this.bulkType = type;
    this.bulkMissing = size;
    return this.continueBulk();
  }

  private continueBulk(): Reply | typeof WAIT | typeof OPENED {
    const there = this.buffer.length - this.position;
    if (there >= this.bulkMissing + 2) return this.finishBulk();
    const take = Math.min(there, this.bulkMissing);
    // Small remainders stay in the buffer; a part gets its own string only when it is large.
    if (take >= 4096 || (take > 0 && take < this.bulkMissing)) {
      this.bulkPieces.push(this.buffer.toString('latin1', this.position, this.position + take));
      this.bulkMissing -= take;
      this.position += take;
      this.advance();
    }
    this.scanned = this.position;
    return WAIT;
  }

  private finishBulk(): Reply | typeof OPENED {
    const end = this.position + this.bulkMissing;
    if (this.buffer[end] !== 13 || this.buffer[end + 1] !== 10) throw protocolError('bulk without its end');
    let text = this.buffer.toString('latin1', this.position, end);
    if (this.bulkPieces.length > 0) {
      this.bulkPieces.push(text);
      text = this.bulkPieces.join('');
      this.bulkPieces = [];
    }
    this.position = end + 2;
    this.scanned = this.position;
    this.bulkMissing = -1;
    if (this.bulkType === BULK) return text;
    if (this.bulkType === 0x21) return new ReplyError(text);
    if (this.bulkType === 0x3d) return text.slice(4);
    this.budget.piece(text.length);
    this.streamed?.push(text);
    this.advance();
    return OPENED;
  }
}

function quote(line: string): string {
  return JSON.stringify(line.slice(0, 40));
}

function length(line: string): number {
  const value = Number(line.slice(1));
  if (!/^.-?\d+$/.test(line) || !Number.isSafeInteger(value) || value < -1) throw protocolError(`bad length ${quote(line)}`);
  return value;
}

function integer(line: string): number | bigint {
  const text = line.slice(1);
  const value = Number(text);
  if (text.length === 0 || text.length > MAX_DIGITS || !/^[+-]?\d+$/.test(text)) throw protocolError(`bad integer ${quote(line)}`);
  return Number.isSafeInteger(value) ? value : BigInt(text);
}

function double(text: string): DoubleReply {
  const word = text.toLowerCase();
  if (word === 'inf' || word === '+inf') return new DoubleReply(Infinity, text);
  if (word === '-inf') return new DoubleReply(-Infinity, text);
  if (word === 'nan' || word === '-nan') return new DoubleReply(NaN, text);
  const value = Number(text);
  if (text.length === 0 || Number.isNaN(value)) throw protocolError(`bad double ${quote(text)}`);
  return new DoubleReply(value, text);
}

function assemble(frame: Frame): Reply | typeof OPENED {
  switch (frame.kind) {
    case 'array':
      return frame.items;
    case 'set':
      return new Set(frame.items);
    case 'push':
      return new PushReply(frame.items);
    case 'attribute':
      return OPENED; // Attributes only annotate the next reply and are not used.
    case 'map':
      return pairs(frame.items);
  }
}

function pairs(items: readonly Reply[]): Map<Reply, Reply> {
  const map = new Map<Reply, Reply>();
  for (let index = 0; index + 1 < items.length; index += 2) map.set(items[index] ?? null, items[index + 1] ?? null);
  return map;
}
