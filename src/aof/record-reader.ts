// Reads the commands of an append-only file that comes in pieces (persistence-replication.md 3.1, 3.2): RESP requests, with
// lines that begin with # between them. Says where each command ends, so that a tail can be cut off. Runs nothing.

/** The file is not an append-only file, or it is damaged. `offset`: the beginning of the command that cannot be read. */
export class AofFormatError extends Error {
  constructor(readonly reason: string, readonly offset: number) {
    super(`${reason} at offset ${offset}`);
    this.name = 'AofFormatError';
  }
}

const STAR = 42;
const DOLLAR = 36;
const HASH = 35;
const LF = 10;
/** Maximum bytes of a # line between commands. */
const LONGEST_LINE = 1024;
/** Maximum bytes of a length line with its line end. */
const LONGEST_LENGTH = 32;
/** Maximum bytes of one argument, and maximum number of arguments of one command. */
const LONGEST_ARGUMENT = 512 * 1024 * 1024;
const MAX_ARGUMENTS = 1024 * 1024 * 1024;

export class AofRecordReader {
  private bytes: Buffer = Buffer.alloc(0);
  private at = 0;
  /** Fed and not yet joined to `bytes`: joining at every feed would take quadratic time for a long command. */
  private incoming: Buffer[] = [];
  private incomingBytes = 0;
  private base: number;
  private wanted = 1;

  /** @param start offset in the file of the first byte that is fed (after an RDB preamble) */
  constructor(start = 0) {
    this.base = start;
  }

  /** Offset after the last complete command or line. */
  get position(): number {
    return this.base + this.at;
  }

  /** Bytes that are not part of a complete command. */
  get pending(): number {
    return this.bytes.length - this.at + this.incomingBytes;
  }

  /** Adds bytes; keeps views of them. */
  feed(chunk: Buffer): void {
    this.incoming.push(chunk);
    this.incomingBytes += chunk.length;
  }

  private join(): void {
    if (this.incomingBytes === 0) return;
    const left = this.bytes.subarray(this.at);
    this.bytes = left.length === 0 && this.incoming.length === 1 ? this.incoming[0]! : Buffer.concat([left, ...this.incoming]);
    this.base += this.at;
    this.at = 0;
    this.incoming = [];
    this.incomingBytes = 0;
  }

  /** The words of the next command; null when more bytes are needed. Throws AofFormatError. */
  next(): string[] | null {
    const words = this.take();
    if (words !== null || this.incomingBytes === 0) return words;
    this.join();
    return this.take();
  }

  private take(): string[] | null {
    for (;;) {
      if (this.pending < this.wanted) return null;
      if (this.at === this.bytes.length || this.wanted > 1) this.join();
      if (this.bytes[this.at] !== HASH) break;
      const end = this.bytes.indexOf(LF, this.at);
      if (end < 0) {
        if (this.pending > LONGEST_LINE) throw this.wrong('a line between commands is too long');
        return null;
      }
      this.at = end + 1;
    }
    return this.command();
  }

  private command(): string[] | null {
    if (this.bytes[this.at] !== STAR) throw this.wrong(`expected a command, found byte ${this.bytes[this.at]!}`);
    const head = this.length(this.at + 1, MAX_ARGUMENTS);
    if (head === null) return null;
    if (head.value < 1) throw this.wrong('a command without words');
    const words: string[] = [];
    let at = head.next;
    for (let left = head.value; left > 0; left--) {
      if (at >= this.bytes.length) return null;
      if (this.bytes[at] !== DOLLAR) throw this.wrong('an argument does not begin with $');
      const size = this.length(at + 1, LONGEST_ARGUMENT);
      if (size === null) return null;
      const end = size.next + size.value;
      // The two bytes after an argument are skipped without a check (persistence-replication.md 3.2 step 3).
      if (end + 2 > this.bytes.length) return this.waitFor(end + 2 - this.at);
      words.push(this.bytes.toString('latin1', size.next, end));
      at = end + 2;
    }
    this.at = at;
    this.wanted = 1;
    return words;
  }

  /** Delays the next attempt until `bytes` bytes are available; returns null. */
  private waitFor(bytes: number): null {
    this.wanted = bytes;
    return null;
  }

  /** Digits up to a line end; null when it is not there yet. */
  private length(start: number, most: number): { value: number; next: number } | null {
    let value = 0;
    for (let at = start; at < this.bytes.length; at++) {
      const byte = this.bytes[at] as number;
      if (byte >= 48 && byte <= 57) {
        value = value * 10 + byte - 48;
        if (value > most) throw this.wrong('a length is too large');
        continue;
      }
      if (byte !== 13 || at === start) throw this.wrong('a length is not a number');
      if (at + 1 >= this.bytes.length) return null;
      if (this.bytes[at + 1] !== LF) throw this.wrong('a length line does not end in CR LF');
      return { value, next: at + 2 };
    }
    if (this.bytes.length - start > LONGEST_LENGTH) throw this.wrong('a length is not a number');
    return null;
  }

  private wrong(reason: string): AofFormatError {
    return new AofFormatError(reason, this.position);
  }
}
