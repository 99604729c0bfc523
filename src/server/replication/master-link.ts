// The connection of a replica to its master: connect, handshake, transfer of the RDB, stream (persistence-replication.md
// 4.2–4.5). Loading the data and reconnecting are up to the host.
import type net from 'node:net';
import { messageOf } from '../../errors.js';
import { encodeCommand } from '../../resp/command.js';
import type { NodeServices } from '../exec/context.js';
import { Handshake } from './handshake.js';
import type { HandshakeResult, HandshakeSettings } from './handshake.js';
import { openLinkSocket } from './link-socket.js';
import { RdbTransfer } from './rdb-transfer.js';

/** Longest line of a handshake. */
const MAX_LINE = 4096;
const LF = 10;

/** Receives an RDB of the master. */
export interface RdbReceiver {
  write(bytes: Buffer): void;
  /** The RDB is complete: resolves when the data are in place, rejects when they cannot be used. */
  end(): Promise<void>;
  abort(): void;
}

/** Takes the bytes of the stream. */
export interface StreamSink {
  feed(bytes: Buffer): void;
}

export interface MasterLinkHost {
  handshake(): HandshakeSettings;
  /** A full resynchronisation begins. `point` null: the master sent no replication id (SYNC). */
  beginFull(link: MasterLink, point: { replid: string; offset: number } | null): RdbReceiver;
  /** The RDB is in place; what follows is the stream. */
  synchronised(link: MasterLink, point: { replid: string; offset: number } | null): StreamSink;
  /** The master resumes at our offset (+CONTINUE). `replid`: the id in its reply, null when it has none. */
  resumed(link: MasterLink, replid: string | null): StreamSink;
  /** The link is down. `reason` is a text for the log. Called once. */
  lost(link: MasterLink, reason: string): void;
}

type Phase = 'connecting' | 'handshake' | 'sync' | 'loading' | 'connected' | 'closed';

export class MasterLink {
  phase: Phase = 'connecting';
  /** Wall clock in ms when bytes from the master last arrived. */
  lastIo: number;
  transfer: RdbTransfer | null = null;
  /** The master refused to take over in a FAILOVER. */
  handOverRefused = false;
  private readonly socket: net.Socket;
  private readonly steps: Handshake;
  private line = '';
  private receiver: RdbReceiver | null = null;
  /** Replication id and offset of the RDB; null when the master did not send them. */
  private point: { replid: string; offset: number } | null = null;
  private sink: StreamSink | null = null;
  /** Bytes of the stream that arrived while the RDB was still being loaded. */
  private early: Buffer[] = [];
  /** Why the connection ended while the RDB was being loaded. */
  private ended: string | null = null;

  constructor(private readonly node: NodeServices, readonly host: string, readonly port: number, private readonly owner: MasterLinkHost) {
    this.lastIo = node.clock.now();
    this.steps = new Handshake(owner.handshake());
    const { socket, ready } = openLinkSocket(node.config, host, port);
    this.socket = socket;
    this.socket.setNoDelay(!node.config.flag('repl-disable-tcp-nodelay'));
    this.socket.on(ready, () => this.connected());
    this.socket.on('data', (chunk: Buffer) => this.guard(() => this.read(chunk)));
    this.socket.on('error', (error) => this.end(`Error condition on socket for SYNC: ${error.message}`));
    this.socket.on('close', () => this.end('Connection with master lost.'));
  }

  /** The peer has closed the connection. An RDB that has arrived completely is still loaded: the next link can resume from it. */
  private end(reason: string): void {
    if (this.phase === 'loading') this.ended ??= reason;
    else this.close(reason);
  }

  get remote(): string {
    const { remoteAddress, remotePort } = this.socket;
    return `${(remoteAddress ?? this.host).replace(/^::ffff:/, '')}:${remotePort ?? this.port}`;
  }

  get local(): string {
    return `${(this.socket.localAddress ?? '?').replace(/^::ffff:/, '')}:${this.socket.localPort ?? 0}`;
  }

  private connected(): void {
    if (this.phase !== 'connecting') return;
    this.lastIo = this.node.clock.now();
    this.node.log.notice('Non blocking connect for SYNC fired the event.');
    this.phase = 'handshake';
    this.say(this.steps.begin());
  }

  /** An exception here must not end the node. */
  private guard(task: () => void): void {
    try {
      task();
    } catch (error) {
      this.node.fault('the link to the master', error);
      this.close('internal error');
    }
  }

  private read(chunk: Buffer): void {
    const { stats, clock } = this.node;
    stats.bytesIn += chunk.length;
    this.lastIo = clock.now();
    let rest: Buffer | null = chunk;
    while (rest !== null && rest.length > 0 && this.phase === 'handshake') rest = this.readLine(rest);
    if (rest === null || rest.length === 0) return;
    if (this.phase === 'sync') this.readRdb(rest);
    else if (this.phase === 'loading') this.wait(rest);
    else if (this.phase === 'connected') this.sink!.feed(rest);
  }

  /** Keeps bytes of the stream until the RDB is loaded, and stops reading: the rest waits in the master's output buffer. */
  private wait(bytes: Buffer): void {
    this.early.push(bytes);
    this.socket.pause();
  }

  /** Reads one line of the handshake; returns the bytes after it, null when the line is incomplete. */
  private readLine(chunk: Buffer): Buffer | null {
    const end = chunk.indexOf(LF);
    this.line += chunk.toString('latin1', 0, end < 0 ? chunk.length : end);
    if (end < 0) {
      if (this.line.length > MAX_LINE) this.close('The master sends a reply that is too long');
      return null;
    }
    const line = this.line.replace(/\r$/, '');
    this.line = '';
    const step = this.steps.take(line);
    if (step === null) return chunk.subarray(end + 1);
    if ('failed' in step) {
      this.handOverRefused = step.refused === true;
      this.close(step.failed);
      return null;
    }
    if (step.send !== undefined) this.say(step.send);
    if ('result' in step) this.decide(step.result);
    return chunk.subarray(end + 1);
  }

  private decide(result: HandshakeResult): void {
    for (const text of this.steps.ignored) this.node.log.notice(text);
    if (result.kind === 'continue') {
      this.phase = 'connected';
      this.sink = this.owner.resumed(this, result.replid);
      return;
    }
    const point = result.kind === 'full' ? { replid: result.replid, offset: result.offset } : null;
    this.phase = 'sync';
    this.receiver = this.owner.beginFull(this, point);
    this.transfer = new RdbTransfer((bytes) => this.receiver!.write(bytes));
    this.point = point;
    this.node.log.notice(point === null ? 'Master does not support PSYNC: full sync' : `Full resync from master: ${point.replid}:${point.offset}`);
  }

  private readRdb(bytes: Buffer): void {
    let step;
    try {
      step = this.transfer!.feed(bytes);
    } catch (error) {
      return this.close(`Failed trying to load the MASTER synchronization DB: ${messageOf(error)}`);
    }
    if (step.kind === 'failed') return this.close(step.reason);
    if (step.kind === 'more') return;
    this.phase = 'loading';
    if (step.rest.length > 0) this.wait(step.rest);
    this.receiver!.end().then(
      () => this.guard(() => this.begin()),
      (error: unknown) => this.close(`Failed trying to load the MASTER synchronization DB: ${messageOf(error)}`),
    );
  }

  private begin(): void {
    if (this.phase !== 'loading') return;
    this.receiver = null;
    this.phase = 'connected';
    this.sink = this.owner.synchronised(this, this.point);
    const early = this.early;
    this.early = [];
    for (const bytes of early) if (this.isOpen) this.sink.feed(bytes);
    if (this.ended !== null) this.close(this.ended);
    else this.socket.resume();
  }

  get isOpen(): boolean {
    return this.phase !== 'closed';
  }

  /** REPLCONF ACK. */
  acknowledge(offset: number): void {
    this.say(encodeCommand(['REPLCONF', 'ACK', String(offset)]));
  }

  /** Sends a newline so that the master does not time out while the RDB is being loaded. */
  keepAlive(): void {
    this.say('\n');
  }

  private say(text: string): void {
    if (this.isOpen && this.ended === null) this.socket.write(text, 'latin1');
  }

  /** Closes the connection and calls `lost`; no effect when it is closed already. */
  close(reason: string): void {
    if (!this.isOpen) return;
    this.phase = 'closed';
    this.early = [];
    this.socket.destroy();
    this.receiver?.abort();
    this.receiver = null;
    this.owner.lost(this, reason);
  }
}
