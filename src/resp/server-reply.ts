// What a server command answers, as values, and how each looks in RESP2 and RESP3
// (specs/persistence-replication.md 5.1). One string per reply; sockets are elsewhere.

export type Protocol = 2 | 3;

/**
 * A reply: a string is a bulk string of bytes, a number or bigint an integer, null the null of the protocol, an array an
 * array; everything else is a Shape.
 */
export type ServerReply = string | number | bigint | null | Shape | readonly ServerReply[];

/** A reply with a wire form of its own. */
export abstract class Shape {
  abstract encode(protocol: Protocol): string;
}

/** `+text`. The text holds no CR or LF. */
export class Simple extends Shape {
  private readonly wire: string;
  constructor(readonly text: string) {
    super();
    this.wire = `+${text}\r\n`;
  }
  encode(): string {
    return this.wire;
  }
}

/**
 * `-CODE text`. Handlers throw it or return it. A text without a code gets `ERR `; line breaks become blanks
 * because they would end the reply early.
 */
export class ErrorReply extends Shape {
  readonly text: string;
  constructor(text: string) {
    super();
    this.text = /[\r\n]/.test(text) ? text.replace(/[\r\n]/g, ' ') : text;
  }
  /** The first word, counted in INFO errorstats. */
  get code(): string {
    const blank = this.text.indexOf(' ');
    return blank < 0 ? this.text : this.text.slice(0, blank);
  }
  encode(): string {
    return `-${this.text}\r\n`;
  }
}

/** A double as scores are printed: `text` is the digits, made by the caller (7.0 prints %.17g). */
export class DoubleReply extends Shape {
  constructor(readonly text: string) {
    super();
  }
  encode(protocol: Protocol): string {
    return protocol === 3 ? `,${this.text}\r\n` : bulk(this.text);
  }
}

/** The null array, `*-1` in RESP2: timeouts of blocking commands, an EXEC that WATCH aborted. */
export class NullArray extends Shape {
  encode(protocol: Protocol): string {
    return protocol === 3 ? '_\r\n' : '*-1\r\n';
  }
}

/** Keys and values alternate in `flat`. */
export class MapReply extends Shape {
  constructor(readonly flat: readonly ServerReply[]) {
    super();
  }
  encode(protocol: Protocol): string {
    const head = protocol === 3 ? `%${this.flat.length / 2}\r\n` : `*${this.flat.length}\r\n`;
    return head + encodeItems(this.flat, protocol);
  }
}

export class SetReply extends Shape {
  constructor(readonly items: readonly ServerReply[]) {
    super();
  }
  encode(protocol: Protocol): string {
    return `${protocol === 3 ? '~' : '*'}${this.items.length}\r\n` + encodeItems(this.items, protocol);
  }
}

/** Out-of-band data: pub/sub messages and confirmations. */
export class PushReply extends Shape {
  constructor(readonly items: readonly ServerReply[]) {
    super();
  }
  encode(protocol: Protocol): string {
    return `${protocol === 3 ? '>' : '*'}${this.items.length}\r\n` + encodeItems(this.items, protocol);
  }
}

/** Text for people, `txt` in RESP3. */
export class VerbatimReply extends Shape {
  constructor(readonly text: string, readonly format: 'txt' | 'mkd' = 'txt') {
    super();
  }
  encode(protocol: Protocol): string {
    return protocol === 3 ? `=${this.text.length + 4}\r\n${this.format}:${this.text}\r\n` : bulk(this.text);
  }
}

export class BooleanReply extends Shape {
  constructor(readonly value: boolean) {
    super();
  }
  encode(protocol: Protocol): string {
    if (protocol === 3) return this.value ? '#t\r\n' : '#f\r\n';
    return this.value ? ':1\r\n' : ':0\r\n';
  }
}

export class BigNumberReply extends Shape {
  constructor(readonly digits: string) {
    super();
  }
  encode(protocol: Protocol): string {
    return protocol === 3 ? `(${this.digits}\r\n` : bulk(this.digits);
  }
}

/**
 * Rows of pairs: RESP3 nests `[a, b]`, RESP2 lists a b a b (ZRANGE WITHSCORES, HRANDFIELD WITHVALUES).
 */
export class PairsReply extends Shape {
  constructor(readonly flat: readonly ServerReply[]) {
    super();
  }
  encode(protocol: Protocol): string {
    if (protocol === 2) return `*${this.flat.length}\r\n` + encodeItems(this.flat, protocol);
    let out = `*${this.flat.length / 2}\r\n`;
    for (let i = 0; i < this.flat.length; i += 2) {
      out += '*2\r\n' + encodeReply(this.flat[i]!, protocol) + encodeReply(this.flat[i + 1]!, protocol);
    }
    return out;
  }
}

/** Several replies to one command, one after the other (SUBSCRIBE with many channels). */
export class Several extends Shape {
  constructor(readonly replies: readonly ServerReply[]) {
    super();
  }
  encode(protocol: Protocol): string {
    return encodeItems(this.replies, protocol);
  }
}

/** No bytes at all: the reply was sent some other way, or must not be sent. */
export class NoReply extends Shape {
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

/** Headers of short bulks, alone and behind the end of the item before: made once, they save half of all string work. */
const SHORT = 1024;
const HEADER = Array.from({ length: SHORT }, (_, length) => `$${length}\r\n`);
const NEXT_HEADER = HEADER.map((header) => `\r\n${header}`);
const INTEGER = Array.from({ length: SHORT }, (_, value) => `:${value}\r\n`);

function bulk(text: string): string {
  return header(text.length) + text + '\r\n';
}

const header = (length: number): string => (length < SHORT ? HEADER[length]! : `$${length}\r\n`);
const nextHeader = (length: number): string => (length < SHORT ? NEXT_HEADER[length]! : `\r\n$${length}\r\n`);

function integer(value: number | bigint): string {
  return typeof value === 'number' && value >= 0 && value < SHORT ? INTEGER[value]! : ':' + value + '\r\n';
}

function encodeItems(items: readonly ServerReply[], protocol: Protocol): string {
  let out = '';
  let inBulk = false;
  for (let i = 0; i < items.length; i++) {
    const item = items[i]!;
    if (typeof item === 'string') {
      out += inBulk ? nextHeader(item.length) : header(item.length);
      out += item;
      inBulk = true;
    } else {
      out += inBulk ? '\r\n' + encodeReply(item, protocol) : encodeReply(item, protocol);
      inBulk = false;
    }
  }
  return inBulk ? out + '\r\n' : out;
}

/** The bytes of a reply, as a binary string. */
export function encodeReply(reply: ServerReply, protocol: Protocol): string {
  if (typeof reply === 'string') return bulk(reply);
  if (typeof reply === 'number' || typeof reply === 'bigint') return integer(reply);
  if (reply === null) return protocol === 3 ? '_\r\n' : '$-1\r\n';
  if (reply instanceof Shape) return reply.encode(protocol);
  return '*' + reply.length + '\r\n' + encodeItems(reply, protocol);
}
