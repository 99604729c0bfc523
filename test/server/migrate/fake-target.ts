// A target for MIGRATE that the test controls: counts what it received, holds replies back, breaks connections.
import net from 'node:net';
import type { AddressInfo } from 'node:net';
import { RequestParser } from '../../../src/resp/request-parser.js';

export class FakeTarget {
  readonly requests: string[][] = [];
  /** Connections accepted so far. */
  accepted = 0;
  /** The reply to a command; undefined: the reply is held back. */
  answer: (args: readonly string[]) => string | undefined = () => '+OK\r\n';
  private readonly sockets = new Set<net.Socket>();
  private held: (() => void)[] = [];

  private constructor(private readonly server: net.Server) {}

  static start(): Promise<FakeTarget> {
    return new Promise((resolve) => {
      const server = net.createServer();
      const target = new FakeTarget(server);
      server.on('connection', (socket) => target.accept(socket));
      server.listen(0, '127.0.0.1', () => resolve(target));
    });
  }

  get port(): number {
    return (this.server.address() as AddressInfo).port;
  }

  private accept(socket: net.Socket): void {
    this.accepted++;
    this.sockets.add(socket);
    const parser = new RequestParser({ maxBulk: 1 << 30, authenticated: true });
    socket.on('error', () => socket.destroy());
    socket.on('close', () => this.sockets.delete(socket));
    socket.on('data', (chunk: Buffer) => {
      parser.feed(chunk, chunk.length);
      for (let request = parser.next(); Array.isArray(request); request = parser.next()) this.take(socket, request);
      parser.retain();
    });
  }

  private take(socket: net.Socket, request: string[]): void {
    this.requests.push(request);
    const reply = this.answer(request);
    if (reply !== undefined) socket.write(reply, 'latin1');
    else this.held.push(() => void socket.write('+OK\r\n'));
  }

  /** Answers OK to everything that was held back. */
  release(): void {
    for (const go of this.held.splice(0)) go();
  }

  /** Ends all connections. */
  hangUp(): void {
    for (const socket of this.sockets) socket.destroy();
  }

  stop(): Promise<void> {
    this.hangUp();
    return new Promise((resolve) => this.server.close(() => resolve()));
  }
}
