// The RDB on the link from a master (persistence-replication.md 4.3): its header, `$<length>` or `$EOF:<mark>`, and where it
// ends. The contents of the RDB are not parsed here.

const MARK_LENGTH = 40;
const MAX_HEADER = 255;
const LF = 10;
const NOTHING = Buffer.alloc(0);

export type TransferStep =
  /** More bytes are needed. */
  | { readonly kind: 'more' }
  /** The RDB is complete; `rest` is the beginning of the stream. */
  | { readonly kind: 'end'; readonly rest: Buffer }
  | { readonly kind: 'failed'; readonly reason: string };

const MORE: TransferStep = { kind: 'more' };

export class RdbTransfer {
  /** Announced length; null before the header, and in the form with a mark. */
  total: number | null = null;
  /** Bytes of the RDB that were passed on. */
  received = 0;
  /** The header has been read. */
  started = false;
  /** 40 bytes that end an RDB of unknown length, null in the form with a length. */
  mark: Buffer | null = null;
  private header = '';
  /** The last bytes received: they may be the mark. */
  private tail: Buffer = NOTHING;

  /** @param take gets the bytes of the RDB in order. */
  constructor(private readonly take: (bytes: Buffer) => void) {}

  /** Takes what was read. */
  feed(chunk: Buffer): TransferStep {
    let rest = chunk;
    while (!this.started) {
      const end = rest.indexOf(LF);
      this.header += rest.toString('latin1', 0, end < 0 ? rest.length : end);
      if (end < 0) return this.header.length > MAX_HEADER ? failed('the header of the RDB is too long') : MORE;
      rest = rest.subarray(end + 1);
      const fault = this.readHeader(this.header.replace(/\r$/, ''));
      if (fault !== null) return failed(fault);
      this.header = '';
    }
    return this.mark === null ? this.takeCounted(rest) : this.takeMarked(rest, this.mark);
  }

  /** Reads the header line. An empty line is a keepalive of a master that is still creating the RDB. */
  private readHeader(line: string): string | null {
    if (line === '') return null;
    if (line.startsWith('-')) return `MASTER aborted replication with an error: ${line}`;
    const marked = /^\$EOF:(.*)$/s.exec(line);
    if (marked !== null && marked[1]!.length >= MARK_LENGTH) this.mark = Buffer.from(marked[1]!.slice(0, MARK_LENGTH), 'latin1');
    else if (/^\$\d{1,15}$/.test(line)) this.total = Number(line.slice(1));
    else return `Bad protocol from MASTER, the first byte is not '$' (we received '${line.slice(0, 64)}'), are you sure the host and port are right?`;
    this.started = true;
    return null;
  }

  private takeCounted(bytes: Buffer): TransferStep {
    const missing = this.total! - this.received;
    this.handOn(bytes.subarray(0, missing));
    return bytes.length < missing ? MORE : { kind: 'end', rest: bytes.subarray(missing) };
  }

  /** 4.3: nothing follows the mark until the replica has acknowledged, so only the last bytes are compared with it. */
  private takeMarked(bytes: Buffer, mark: Buffer): TransferStep {
    if (bytes.length === 0) return MORE;
    const all = this.tail.length === 0 ? bytes : Buffer.concat([this.tail, bytes]);
    const cut = Math.max(0, all.length - MARK_LENGTH);
    this.handOn(all.subarray(0, cut));
    const last = all.subarray(cut);
    if (last.equals(mark)) return { kind: 'end', rest: NOTHING };
    this.tail = Buffer.from(last);
    return MORE;
  }

  private handOn(bytes: Buffer): void {
    if (bytes.length === 0) return;
    this.received += bytes.length;
    this.take(bytes);
  }
}

const failed = (reason: string): TransferStep => ({ kind: 'failed', reason });
