// A client that counts and hashes what it receives instead of keeping it, for replies of hundreds of megabytes.
import { createHash } from 'node:crypto';
import net from 'node:net';
import { encodeCommand } from '../../../src/resp/command.js';

export interface Received {
  readonly bytes: number;
  readonly sha1: string;
  /** The first and the last bytes. */
  readonly head: string;
  readonly tail: string;
}

const SHOWN = 16;

export class ByteCounter {
  private hash = createHash('sha1');
  private bytes = 0;
  private head = '';
  private tail = '';
  private notify: () => void = () => {};
  closed = false;

  private constructor(readonly socket: net.Socket) {
    socket.on('data', (chunk: Buffer) => {
      if (this.head.length < SHOWN) this.head = (this.head + chunk.toString('latin1', 0, SHOWN)).slice(0, SHOWN);
      this.tail = (this.tail + chunk.toString('latin1', Math.max(0, chunk.length - SHOWN))).slice(-SHOWN);
      this.bytes += chunk.length;
      this.hash.update(chunk);
      this.notify();
    });
    socket.on('error', () => socket.destroy());
    socket.on('close', () => {
      this.closed = true;
      this.notify();
    });
  }

  static connect(port: number): Promise<ByteCounter> {
    return new Promise((resolve, reject) => {
      const socket = net.connect(port, '127.0.0.1', () => resolve(new ByteCounter(socket)));
      socket.once('error', reject);
    });
  }

  send(...args: string[]): void {
    this.socket.write(encodeCommand(args), 'latin1');
  }

  /** Sends a command and waits until `bytes` bytes are there, the connection ends, or `ms` pass. */
  async ask(bytes: number, args: readonly string[], ms = 20_000): Promise<Received> {
    this.send(...args);
    return this.take(bytes, ms);
  }

  /** Waits for `bytes` bytes; returns what was received since the last call. */
  async take(bytes: number, ms = 20_000): Promise<Received> {
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, ms);
      this.notify = () => {
        if (this.bytes < bytes && !this.closed) return;
        clearTimeout(timer);
        resolve();
      };
      this.notify();
    });
    this.notify = () => {};
    const received = { bytes: this.bytes, sha1: this.hash.digest('hex'), head: this.head, tail: this.tail };
    this.hash = createHash('sha1');
    this.bytes = 0;
    this.head = this.tail = '';
    return received;
  }

  close(): void {
    this.socket.destroy();
  }
}
