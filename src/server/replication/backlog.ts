// The tail of the replication stream, kept for replicas that come back after a short loss of the link
// (persistence-replication.md 4.1). A ring buffer: the oldest bytes are overwritten.

export class ReplicationBacklog {
  private ring: Buffer;
  /** Where the next byte is written. */
  private at = 0;
  private held = 0;
  private first: number;

  /**
   * @param size bytes, repl-backlog-size
   * @param offset the stream's offset now: the next byte is `offset` + 1
   */
  constructor(size: number, offset: number) {
    this.ring = Buffer.allocUnsafeSlow(size);
    this.first = offset + 1;
  }

  get size(): number {
    return this.ring.length;
  }

  /** Bytes held (INFO repl_backlog_histlen). */
  get length(): number {
    return this.held;
  }

  /** Stream offset of the first byte held; of the next byte to come when nothing is held. */
  get firstOffset(): number {
    return this.first;
  }

  append(bytes: Buffer): void {
    const { ring } = this;
    const kept = bytes.length > ring.length ? bytes.subarray(bytes.length - ring.length) : bytes;
    const start = bytes.length > ring.length ? 0 : this.at;
    const toEnd = Math.min(kept.length, ring.length - start);
    kept.copy(ring, start, 0, toEnd);
    kept.copy(ring, 0, toEnd);
    this.at = (start + kept.length) % ring.length;
    const held = Math.min(ring.length, this.held + bytes.length);
    this.first += this.held + bytes.length - held;
    this.held = held;
  }

  /** Whether the stream can be given from byte `offset` on; one past the end counts: nothing is missing then. */
  reaches(offset: number): boolean {
    return offset >= this.first && offset <= this.first + this.held;
  }

  /** A copy of the bytes from stream offset `offset` to the end. */
  from(offset: number): Buffer {
    const length = this.first + this.held - offset;
    const out = Buffer.allocUnsafe(length);
    const start = (this.at - length + this.ring.length) % this.ring.length;
    const toEnd = Math.min(length, this.ring.length - start);
    this.ring.copy(out, 0, start, start + toEnd);
    this.ring.copy(out, toEnd, 0, length - toEnd);
    return out;
  }

  /** Another size; the newest bytes that fit are kept. */
  resize(size: number): void {
    const end = this.first + this.held;
    const kept = this.from(Math.max(this.first, end - size));
    this.ring = Buffer.allocUnsafeSlow(size);
    this.at = 0;
    this.held = 0;
    this.first = end - kept.length;
    this.append(kept);
  }
}
