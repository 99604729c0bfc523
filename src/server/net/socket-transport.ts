// A client's way out over a TCP socket.
import type net from 'node:net';
import type { Transport } from '../dispatch/client.js';

const shown = (address: string | undefined, port: number | undefined): string => {
  const plain = (address ?? '?').replace(/^::ffff:/, '');
  return plain.includes(':') ? `[${plain}]:${port ?? 0}` : `${plain}:${port ?? 0}`;
};

export class SocketTransport implements Transport {
  readonly remote: string;
  readonly local: string;

  constructor(private readonly socket: net.Socket) {
    this.remote = shown(socket.remoteAddress, socket.remotePort);
    this.local = shown(socket.localAddress, socket.localPort);
  }

  send(text: string): void {
    if (!this.socket.destroyed) this.socket.write(text, 'latin1');
  }

  get backlog(): number {
    return this.socket.writableLength;
  }

  close(flush: boolean): void {
    if (flush) this.socket.destroySoon();
    else this.socket.destroy();
  }
}
