// Replicas that share one RDB. It is sent to their connections while it is made, ended by a mark, or through a file whose length
// is known before it is sent (persistence-replication.md 4.3).
import { openSync, read, rmSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import type { NodeServices } from '../exec/context.js';
import { closeRemoved } from '../persistence/files/replace.js';
import type { AttachedReplica } from './attached-replica.js';
import type { RdbConsumer } from './rdb-source.js';

/** Unsent bytes of a replica at which the snapshot waits for it. */
const CONGESTED = 512 * 1024;
const FILE_PIECE = 128 * 1024;
const MARK_LENGTH = 40;
/** Delay before more of a file is offered to a replica whose buffer was full, ms. */
const RETRY_MS = 5;

export interface SyncGroupEvents {
  /** A replica was sent its complete RDB. `mark`: its stream begins when it acknowledges. */
  delivered(replica: AttachedReplica, mark: boolean): void;
  /** The group is finished. */
  over(group: SyncGroup): void;
}

export abstract class SyncGroup implements RdbConsumer {
  readonly members = new Set<AttachedReplica>();
  /** Ends the snapshot; set once it has begun. */
  cancel: () => void = () => {};
  /** The unsent bytes of each member's connection, and when their number last changed. */
  private readonly progress = new Map<AttachedReplica, { backlog: number; at: number }>();

  constructor(protected readonly node: NodeServices, protected readonly events: SyncGroupEvents) {}

  /** The form of the RDB on the wire: whether a mark ends it. */
  abstract readonly marked: boolean;
  /** Whether a replica that comes now can be given the same RDB. */
  abstract readonly open: boolean;
  abstract piece(bytes: Buffer): void;
  abstract get congested(): boolean;
  abstract end(): void;
  abstract begin(): void;

  failed(reason: string): void {
    this.node.log.warning(`Synchronisation with replicas failed: ${reason}`);
    for (const member of [...this.members]) {
      member.send("-ERR BGSAVE failed, replication can't continue\r\n");
      member.client.close();
    }
    this.members.clear();
    this.events.over(this);
  }

  /** A connection ended. Without members the snapshot is cancelled. */
  remove(replica: AttachedReplica): void {
    if (!this.members.delete(replica) || this.members.size > 0) return;
    this.cancel();
    this.dispose();
    this.events.over(this);
  }

  protected abstract dispose(): void;

  /** Disconnects members to which no byte could be sent for `timeoutMs`. */
  dropStalled(timeoutMs: number): void {
    const now = this.node.clock.now();
    for (const member of [...this.members]) {
      const { backlog } = member.client.transport;
      const before = this.progress.get(member);
      if (before === undefined || backlog === 0 || backlog !== before.backlog) this.progress.set(member, { backlog, at: now });
      else if (now - before.at > timeoutMs) {
        this.node.log.warning(`Disconnecting timedout replica (full sync): ${member.ip}:${member.announced.port}`);
        member.client.close(true);
      }
    }
  }

  protected finish(member: AttachedReplica): void {
    if (!this.members.delete(member)) return;
    this.events.delivered(member, this.marked);
    if (this.members.size === 0) this.events.over(this);
  }
}

/** `$EOF:<mark>`, sent from the snapshot to all connections directly, at the speed of the slowest. */
export class DirectSync extends SyncGroup {
  readonly marked = true;
  readonly open = false;
  private readonly mark: string;

  constructor(node: NodeServices, events: SyncGroupEvents) {
    super(node, events);
    this.mark = node.random.hex(MARK_LENGTH);
  }

  begin(): void {
    for (const member of this.members) member.send(`$EOF:${this.mark}\r\n`);
  }

  piece(bytes: Buffer): void {
    for (const member of this.members) member.send(bytes);
  }

  get congested(): boolean {
    for (const member of this.members) if (member.client.transport.backlog > CONGESTED) return true;
    return false;
  }

  end(): void {
    for (const member of [...this.members]) {
      member.send(this.mark);
      this.finish(member);
    }
  }

  protected dispose(): void {}
}

/** `$<length>`, from a file that is unlinked once opened. */
export class FileSync extends SyncGroup {
  readonly marked = false;
  private fd: number | null = null;
  private length = 0;
  private written = false;
  readonly congested = false;

  get open(): boolean {
    return !this.written;
  }

  /** Throws the file system's error. */
  begin(): void {
    const path = join(this.node.config.text('dir'), `temp-repl-${process.pid}-${this.node.random.hex(8)}.rdb`);
    this.fd = openSync(path, 'w+', 0o600);
    rmSync(path);
  }

  piece(bytes: Buffer): void {
    for (let at = 0; at < bytes.length; ) at += writeSync(this.fd!, bytes, at, bytes.length - at, this.length + at);
    this.length += bytes.length;
  }

  end(): void {
    this.written = true;
    for (const member of this.members) {
      member.sendingFile = true;
      member.send(`$${this.length}\r\n`);
      this.send(member, 0);
    }
  }

  /** Sends the rest of the file to a member, as fast as its connection takes it. */
  private send(member: AttachedReplica, from: number): void {
    if (!this.members.has(member) || this.fd === null) return;
    if (member.client.transport.backlog > CONGESTED) {
      this.node.clock.after(RETRY_MS, () => this.send(member, from));
      return;
    }
    const room = Buffer.allocUnsafe(FILE_PIECE);
    read(this.fd, room, 0, FILE_PIECE, from, (error, count) => {
      if (!this.members.has(member)) return;
      if (error !== null) return member.client.close(true);
      if (count > 0) {
        member.send(room.subarray(0, count));
        return this.send(member, from + count);
      }
      member.sendingFile = false;
      this.finish(member);
      if (this.members.size === 0) this.dispose();
    });
  }

  protected dispose(): void {
    if (this.fd !== null) closeRemoved(this.fd);
    this.fd = null;
  }
}
