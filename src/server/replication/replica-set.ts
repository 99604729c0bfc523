// The replicas of this node: which are attached, how far each has acknowledged the stream, and which are dropped for
// being silent or not reading (persistence-replication.md 4.5, 4.7).
import type { Client } from '../exec/client.js';
import type { NodeServices } from '../exec/context.js';
import type { AttachedReplica } from './attached-replica.js';

export class ReplicaSet {
  private readonly byClient = new Map<Client, AttachedReplica>();
  /** Wall clock in ms since when there has been no replica. */
  emptySince: number;

  constructor(private readonly node: NodeServices) {
    this.emptySince = node.clock.now();
  }

  get size(): number {
    return this.byClient.size;
  }

  [Symbol.iterator](): IterableIterator<AttachedReplica> {
    return this.byClient.values();
  }

  of(client: Client): AttachedReplica | undefined {
    return this.byClient.get(client);
  }

  add(replica: AttachedReplica): void {
    const { client } = replica;
    this.byClient.set(client, replica);
    client.role = 'replica';
    // 4.5: a master never answers a replica; a command that would produce a reply ends the connection.
    client.replyMode = 'closes';
  }

  /** The connection is gone; true when it was a replica's. */
  remove(client: Client): boolean {
    if (!this.byClient.delete(client)) return false;
    if (this.byClient.size === 0) this.emptySince = this.node.clock.now();
    return true;
  }

  /** Sends bytes of the stream to all replicas. */
  feed(bytes: Buffer): void {
    for (const replica of this.byClient.values()) replica.feed(bytes);
  }

  /** Closes all connections: replicas come back and learn of a new history. */
  disconnectAll(): void {
    for (const replica of [...this]) replica.client.close(true);
  }

  /** Replicas online that acknowledged all up to `offset`. */
  acknowledged(offset: number): number {
    let count = 0;
    for (const replica of this) if (replica.phase === 'online' && replica.ackOffset >= offset) count++;
    return count;
  }

  /** Replicas online whose last acknowledgement is at most `lagSeconds` old (min-replicas-max-lag). */
  good(lagSeconds: number): number {
    const now = this.node.clock.now();
    let count = 0;
    for (const replica of this) if (replica.online && Math.floor((now - replica.ackAt) / 1000) <= lagSeconds) count++;
    return count;
  }

  /** Drops replicas online that have been silent for longer than repl-timeout. */
  dropSilent(timeoutMs: number): void {
    const now = this.node.clock.now();
    for (const replica of [...this]) {
      if (replica.phase !== 'online' || replica.prePsync) continue;
      // A replica that loads its RDB sends bare newlines: they are keepalives, not acknowledgements.
      if (now - Math.max(replica.ackAt, replica.client.lastInteraction) <= timeoutMs) continue;
      this.node.log.warning(`Disconnecting timedout replica (streaming sync): ${replica.ip}:${replica.announced.port}`);
      replica.client.close(true);
    }
  }
}
