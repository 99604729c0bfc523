// One replica of this node: what it announced, the offset it acknowledged, and the bytes queued for it.
import type { Client } from '../exec/client.js';
import type { ReplicaView } from '../exec/ports/replication-port.js';

/** What the replica announced with REPLCONF before the synchronisation. */
export interface Announcement {
  port: number;
  /** Empty: the peer address of the connection. */
  ip: string;
  eof: boolean;
  psync2: boolean;
  rdbOnly: boolean;
  /** Leave out the functions, the data. */
  withoutFunctions: boolean;
  withoutData: boolean;
}

export const newAnnouncement = (): Announcement => ({
  port: 0, ip: '', eof: false, psync2: false, rdbOnly: false, withoutFunctions: false, withoutData: false,
});

/** `waiting`: its snapshot has not begun; `transfer`: it receives an RDB; `ack`: the stream begins at its first REPLCONF ACK. */
export type ReplicaPhase = 'waiting' | 'transfer' | 'ack' | 'online';

export class AttachedReplica {
  phase: ReplicaPhase = 'waiting';
  /** The replica sent SYNC: it does not know offsets and never acknowledges. */
  prePsync = false;
  /** The RDB goes through a file of known size: INFO shows `send_bulk` while it is sent. */
  sendingFile = false;
  ackOffset = 0;
  /** Wall clock in ms of the last acknowledgement. */
  ackAt = 0;
  /** Replication stream that is sent after the RDB. */
  private queue: Buffer[] = [];

  constructor(readonly client: Client, readonly announced: Announcement) {}

  get online(): boolean {
    return this.phase === 'online' || this.phase === 'ack';
  }

  get ip(): string {
    return this.announced.ip || this.client.transport.remote.replace(/:\d+$/, '').replace(/^\[(.*)\]$/, '$1');
  }

  /** Bytes of the stream, in order. */
  feed(bytes: Buffer): void {
    const { client } = this;
    if (client.closing || this.announced.rdbOnly || this.phase === 'waiting') return;
    if (this.phase === 'online') return client.transport.sendBytes(bytes);
    this.queue.push(bytes);
    client.queuedBytes += bytes.length;
  }

  /** Bytes besides the stream: the reply to PSYNC, the RDB. */
  send(bytes: Buffer | string): void {
    if (!this.client.closing) this.client.transport.sendBytes(typeof bytes === 'string' ? Buffer.from(bytes, 'latin1') : bytes);
  }

  /** Sends the stream to the replica from now on, beginning with the queue. */
  startStream(now: number): void {
    this.phase = 'online';
    this.ackAt = now;
    const waiting = this.takeQueue();
    for (const bytes of waiting) this.client.transport.sendBytes(bytes);
  }

  /** Copies the queued stream of another replica that gets the same RDB. */
  copyQueue(other: AttachedReplica): void {
    for (const bytes of other.queue) this.feed(bytes);
  }

  private takeQueue(): Buffer[] {
    const { queue } = this;
    this.queue = [];
    this.client.queuedBytes = 0;
    return queue;
  }

  /** REPLCONF ACK. True when the stream begins with it. */
  acknowledge(offset: number, now: number): boolean {
    this.ackAt = now;
    if (offset > this.ackOffset) this.ackOffset = offset;
    if (this.phase !== 'ack') return false;
    this.startStream(now);
    return true;
  }

  view(now: number): ReplicaView {
    const state = this.online ? 'online' : this.sendingFile ? 'send_bulk' : 'wait_bgsave';
    return { ip: this.ip, port: this.announced.port, state, ackOffset: this.ackOffset, lagMs: this.online ? Math.max(0, now - this.ackAt) : 0, rdbOnly: this.announced.rdbOnly };
  }
}
