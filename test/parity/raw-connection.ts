// A socket that collects raw replies, for the parity tests.
import net from 'node:net';
import { encodeCommand } from '../../src/resp/command.js';
import { ReplyCutter } from './raw-reply.js';
import type { RawReply } from './raw-reply.js';

export class RawConnection {
  /** Replies not taken yet. */
  private inbox: RawReply[] = [];
  private readonly cutter = new ReplyCutter();
  private notify: () => void = () => {};
  closed = false;

  private constructor(private readonly socket: net.Socket) {
    socket.setNoDelay(true);
    socket.on('data', (chunk: Buffer) => {
      this.inbox.push(...this.cutter.feed(chunk.toString('latin1')));
      this.notify();
    });
    socket.on('error', () => socket.destroy());
    socket.on('close', () => {
      this.closed = true;
      this.notify();
    });
  }

  static connect(port: number): Promise<RawConnection> {
    return new Promise((resolve, reject) => {
      const socket = net.connect({ host: '127.0.0.1', port });
      socket.once('error', reject);
      socket.once('connect', () => {
        socket.off('error', reject);
        resolve(new RawConnection(socket));
      });
    });
  }

  /** `host:port` of this end, as CLIENT LIST shows it on the server. */
  get address(): string {
    return `127.0.0.1:${this.socket.localPort ?? 0}`;
  }

  send(commands: readonly (readonly string[])[]): void {
    this.write(commands.map((args) => encodeCommand(args)).join(''));
  }

  write(bytes: string): void {
    if (!this.closed) this.socket.write(bytes, 'latin1');
  }

  /** Waits until `count` replies are there, the connection ended, or `ms` passed; takes what has arrived, at most `count`. */
  async take(count: number, ms = 10_000): Promise<RawReply[]> {
    if (this.inbox.length < count && !this.closed) {
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, ms);
        this.notify = () => {
          if (this.inbox.length < count && !this.closed) return;
          clearTimeout(timer);
          resolve();
        };
      });
      this.notify = () => {};
    }
    return this.inbox.splice(0, count);
  }

  /** What arrived so far. */
  takeAll(): RawReply[] {
    return this.inbox.splice(0);
  }

  async call(...args: string[]): Promise<RawReply> {
    this.send([args]);
    const [reply] = await this.take(1);
    if (!reply) throw new Error(`no reply to ${args.join(' ')}`);
    return reply;
  }

  close(): void {
    this.socket.destroy();
  }
}
