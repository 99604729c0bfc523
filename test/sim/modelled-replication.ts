// Replication of a simulated node: only the length of the stream in bytes is modelled.

export class ModelledReplication {
  /** Bytes written (master) or processed (replica). */
  offset = 0;
  /** IP of the master this node follows, '' for none. */
  source = '';
  /** When bytes of the master last arrived; a time long ago before the first. */
  heardAt = 0;
  /** Writes are held back until then, for a manual failover. */
  pausedUntil = 0;
  /** The offset before the last write: what replicas have received so far. */
  private delivered = 0;

  write(bytes: number): void {
    this.delivered = this.offset;
    this.offset += bytes;
  }

  copy(master: ModelledReplication, now: number): void {
    this.offset = master.source === '' ? master.delivered : master.offset;
    this.heardAt = now;
  }

  /** Follows another master; '' ends following. */
  follow(ip: string): void {
    this.source = ip;
    this.pausedUntil = 0;
    this.delivered = this.offset;
  }

  /** The state after a restart: the data set, but no link. */
  restart(): void {
    this.source = '';
    this.pausedUntil = 0;
    this.heardAt = 0;
  }
}
