// Replies of server commands as values, and their RESP2 and RESP3 forms (persistence-replication.md 5.1). Encoded text is
// written in parts, because no JS string holds more than 512 MiB. Not here: sockets.

export type Protocol = 2 | 3;

/**
 * A reply: a string is a bulk string of bytes, a number or bigint an integer, null the protocol's null, an array an array;
 * everything else is a Shape.
 */
export type ServerReply = string | number | bigint | null | Shape | readonly ServerReply[];

/** Receives the bytes of replies, as binary strings. */
export interface ReplyOutput {
  /** Text shorter than a few times PIECE. */
  add(text: string): void;
  /** A bulk of at least PIECE bytes, which must not be joined with other text. */
  addLong(text: string): void;
  /** Nothing added from now on will be sent; generators of long replies may stop. */
  readonly closing: boolean;
}

/** Characters after which encoded text is passed on. */
export const PIECE = 256 * 1024;

/** A reply with its own wire form. */
export abstract class Shape {
  abstract write(out: ReplyOutput, protocol: Protocol): void;
}

/** A shape whose wire form is one short text. */
abstract class Scalar extends Shape {
  abstract encode(protocol: Protocol): string;
  write(out: ReplyOutput, protocol: Protocol): void {
    out.add(this.encode(protocol));
  }
}

/** `+text`. The text contains no CR or LF. */
export class Simple extends Scalar {
  private readonly wire: string;
  constructor(readonly text: string) {
    super();
    this.wire = `+${text}\r\n`;
  }
  encode(): string {
    return this.wire;
  }
}

/** Maximum length of an error code. */
const MAX_CODE = 32;

/**
 * `-CODE text`. Handlers throw it or return it. A text without a code gets `ERR `; line breaks become blanks, because they
 * would end the reply early.
 */
export class ErrorReply extends Scalar {
  readonly text: string;
  constructor(text: string) {
    super();
    this.text = /[\r\n]/.test(text) ? text.replace(/[\r\n]/g, ' ') : text;
  }
  /** The first word, counted in INFO errorstats; ERR when it is too long for a code, as in Redis. */
  get code(): string {
    const blank = this.text.slice(0, MAX_CODE).indexOf(' ');
    return blank < 0 ? 'ERR' : this.text.slice(0, blank);
  }
  encode(): string {
    return `-${this.text}\r\n`;
  }
}

/** A double as scores are printed: `text` holds the digits, formatted by the caller (7.0 prints %.17g). */
export class ServerDouble extends Scalar {
  constructor(readonly text: string) {
    super();
  }
  encode(protocol: Protocol): string {
    return protocol === 3 ? `,${this.text}\r\n` : bulk(this.text);
  }
}

/** The null array, `*-1` in RESP2: timeouts of blocking commands, an EXEC aborted by WATCH. */
export class NullArray extends Scalar {
  encode(protocol: Protocol): string {
    return protocol === 3 ? '_\r\n' : '*-1\r\n';
  }
}

/** Keys and values alternate in `flat`. */
export class MapReply extends Shape {
  constructor(readonly flat: readonly ServerReply[]) {
    super();
  }
  write(out: ReplyOutput, protocol: Protocol): void {
    writeItems(protocol === 3 ? `%${this.flat.length / 2}\r\n` : `*${this.flat.length}\r\n`, this.flat, out, protocol);
  }
}

export class SetReply extends Shape {
  constructor(readonly items: readonly ServerReply[]) {
    super();
  }
  write(out: ReplyOutput, protocol: Protocol): void {
    writeItems(`${protocol === 3 ? '~' : '*'}${this.items.length}\r\n`, this.items, out, protocol);
  }
}

/** Out-of-band data: pub/sub messages and confirmations. */
export class ServerPush extends Shape {
  constructor(readonly items: readonly ServerReply[]) {
    super();
  }
  write(out: ReplyOutput, protocol: Protocol): void {
    writeItems(`${protocol === 3 ? '>' : '*'}${this.items.length}\r\n`, this.items, out, protocol);
  }
}

/** Human-readable text, `txt` in RESP3. */
export class VerbatimReply extends Shape {
  constructor(readonly text: string, readonly format: 'txt' | 'mkd' = 'txt') {
    super();
  }
  write(out: ReplyOutput, protocol: Protocol): void {
    if (protocol === 3) writeLong(`=${this.text.length + 4}\r\n${this.format}:`, this.text, out);
    else writeReply(this.text, protocol, out);
  }
}

export class BooleanReply extends Scalar {
  constructor(readonly value: boolean) {
    super();
  }
  encode(protocol: Protocol): string {
    if (protocol === 3) return this.value ? '#t\r\n' : '#f\r\n';
    return this.value ? ':1\r\n' : ':0\r\n';
  }
}

export class BigNumberReply extends Scalar {
  constructor(readonly digits: string) {
    super();
  }
  encode(protocol: Protocol): string {
    return protocol === 3 ? `(${this.digits}\r\n` : bulk(this.digits);
  }
}

/** Rows of pairs: RESP3 nests `[a, b]`, RESP2 lists a b a b (ZRANGE WITHSCORES, HRANDFIELD WITHVALUES). */
export class PairsReply extends Shape {
  constructor(readonly flat: readonly ServerReply[]) {
    super();
  }
  write(out: ReplyOutput, protocol: Protocol): void {
    if (protocol === 2) return writeItems(`*${this.flat.length}\r\n`, this.flat, out, protocol);
    let head = `*${this.flat.length / 2}\r\n`;
    for (let i = 0; i < this.flat.length && !out.closing; i += 2) {
      writeItems(`${head}*2\r\n`, [this.flat[i]!, this.flat[i + 1]!], out, protocol);
      head = '';
    }
    if (head !== '') out.add(head);
  }
}

/** Several replies to one command (SUBSCRIBE with many channels). */
export class Several extends Shape {
  constructor(readonly replies: readonly ServerReply[]) {
    super();
  }
  write(out: ReplyOutput, protocol: Protocol): void {
    writeItems('', this.replies, out, protocol);
  }
}

/** No bytes: the reply was sent another way, or must not be sent. */
export class NoReply extends Scalar {
  encode(): string {
    return '';
  }
}

export const OK = new Simple('OK');
export const QUEUED = new Simple('QUEUED');
export const PONG = new Simple('PONG');
export const NULL_ARRAY = new NullArray();
export const NO_REPLY = new NoReply();
export const EMPTY_ARRAY: readonly ServerReply[] = [];

/** Precomputed headers of short bulks, alone and with the end of the previous item: they save half of all string work. */
const SHORT = 1024;
const HEADER = Array.from({ length: SHORT }, (_, length) => `$${length}\r\n`);
const NEXT_HEADER = HEADER.map((header) => `\r\n${header}`);
const INTEGER = Array.from({ length: SHORT }, (_, value) => `:${value}\r\n`);

function bulk(text: string): string {
  return bulkHeader(text.length) + text + '\r\n';
}

/** The header of a bulk of this many bytes. */
export const bulkHeader = (length: number): string => (length < SHORT ? HEADER[length]! : `$${length}\r\n`);
const nextHeader = (length: number): string => (length < SHORT ? NEXT_HEADER[length]! : `\r\n$${length}\r\n`);

function integer(value: number | bigint): string {
  return typeof value === 'number' && value >= 0 && value < SHORT ? INTEGER[value]! : ':' + value + '\r\n';
}

/** Writes `head` and then each item. */
export function writeItems(head: string, items: readonly ServerReply[], out: ReplyOutput, protocol: Protocol): void {
  let text = head;
  let inBulk = false;
  for (let i = 0; i < items.length; i++) {
    const item = items[i]!;
    if (typeof item === 'string' && item.length < PIECE) {
      text += inBulk ? nextHeader(item.length) : bulkHeader(item.length);
      text += item;
      inBulk = true;
    } else {
      if (inBulk) text += '\r\n';
      inBulk = false;
      if (item instanceof Scalar) text += item.encode(protocol);
      else if (typeof item === 'number' || typeof item === 'bigint') text += integer(item);
      else if (item === null) text += nullText(protocol);
      else {
        if (text !== '') out.add(text);
        text = '';
        writeReply(item, protocol, out);
      }
    }
    if (text.length > PIECE) {
      out.add(text);
      text = '';
      if (out.closing) return;
    }
  }
  if (inBulk) text += '\r\n';
  if (text !== '') out.add(text);
}

const nullText = (protocol: Protocol): string => (protocol === 3 ? '_\r\n' : '$-1\r\n');

/** Text that may be long, after its header. */
function writeLong(head: string, text: string, out: ReplyOutput): void {
  if (text.length < PIECE) return out.add(`${head}${text}\r\n`);
  out.add(head);
  out.addLong(text);
  out.add('\r\n');
}

/** Writes the bytes of a reply. Throws a RangeError for text longer than a string can be. */
export function writeReply(reply: ServerReply, protocol: Protocol, out: ReplyOutput): void {
  if (typeof reply === 'string') writeLong(bulkHeader(reply.length), reply, out);
  else if (typeof reply === 'number' || typeof reply === 'bigint') out.add(integer(reply));
  else if (reply === null) out.add(nullText(protocol));
  else if (reply instanceof Shape) reply.write(out, protocol);
  else writeItems(`*${reply.length}\r\n`, reply, out, protocol);
}

/** The bytes of a short reply in one binary string. Throws a RangeError when it is longer than a string can be. */
export function encodeReply(reply: ServerReply, protocol: Protocol): string {
  let text = '';
  const add = (more: string): void => void (text += more);
  writeReply(reply, protocol, { add, addLong: add, closing: false });
  return text;
}
