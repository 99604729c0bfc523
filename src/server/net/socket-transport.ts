// A client's output over a TCP socket. Output waits here, not in the socket: a socket copies all its pending output into one
// block and fails when that exceeds 2 GB.
import type net from 'node:net';
import type { Transport } from '../exec/client.js';

const shown = (address: string | undefined, port: number | undefined): string => {
  const plain = (address ?? '?').replace(/^::ffff:/, '');
  return plain.includes(':') ? `[${plain}]:${port ?? 0}` : `${plain}:${port ?? 0}`;
};

/**
 * Maximum bytes pending in the socket. A longer string is a stored value, shared with the keyspace rather than copied, so it is
 * written in slices of this size.
 */
const IN_SOCKET = 1024 * 1024;

const head = (piece: string | Buffer, length: number): string | Buffer => (typeof piece === 'string' ? piece.slice(0, length) : piece.subarray(0, length));
const tail = (piece: string | Buffer, length: number): string | Buffer => (typeof piece === 'string' ? piece.slice(length) : piece.subarray(length));

export class SocketTransport implements Transport {
  readonly remote: string;
  readonly local: string;
  /** Chunks not passed to the socket yet, from index `first` on. */
  private waiting: (string | Buffer)[] = [];
  private first = 0;
  private bytes = 0;
  /** Close the connection when all output has been sent. */
  private ending = false;

  constructor(private readonly socket: net.Socket) {
    this.remote = shown(socket.remoteAddress, socket.remotePort);
    this.local = shown(socket.localAddress, socket.localPort);
  }

  send(text: string): void {
    if (this.socket.destroyed) return;
    if (this.bytes === 0 && text.length <= IN_SOCKET && this.socket.writableLength < IN_SOCKET) {
      this.socket.write(text, 'latin1');
      return;
    }
    if (this.bytes === 0) this.socket.on('drain', this.drain);
    // Copied, because V8 keeps concatenated text as a tree of its parts, which takes several times its length.
    this.waiting.push(text.length <= IN_SOCKET ? Buffer.from(text, 'latin1') : text);
    this.bytes += text.length;
    this.drain();
  }

  sendBytes(bytes: Buffer): void {
    if (this.socket.destroyed) return;
    if (this.bytes === 0 && this.socket.writableLength < IN_SOCKET) {
      this.socket.write(bytes);
      return;
    }
    if (this.bytes === 0) this.socket.on('drain', this.drain);
    this.waiting.push(bytes);
    this.bytes += bytes.length;
    this.drain();
  }

  private readonly drain = (): void => {
    const { socket, waiting } = this;
    while (this.bytes > 0 && socket.writableLength < IN_SOCKET) {
      const piece = waiting[this.first]!;
      const part = piece.length <= IN_SOCKET ? piece : head(piece, IN_SOCKET);
      if (part === piece) waiting[this.first++] = '';
      else waiting[this.first] = tail(piece, IN_SOCKET);
      this.bytes -= part.length;
      if (typeof part === 'string') socket.write(part, 'latin1');
      else socket.write(part);
    }
    if (this.first * 2 > waiting.length) {
      this.waiting = waiting.slice(this.first);
      this.first = 0;
    }
    if (this.bytes > 0) return;
    socket.off('drain', this.drain);
    if (this.ending) socket.destroySoon();
  };

  get backlog(): number {
    return this.bytes + this.socket.writableLength;
  }

  get backlogPieces(): number {
    return this.waiting.length - this.first + (this.socket.writableLength > 0 ? 1 : 0);
  }

  close(flush: boolean): void {
    if (flush && this.bytes > 0) this.ending = true;
    else if (flush) this.socket.destroySoon();
    else this.socket.destroy();
    if (!flush) this.forget();
  }

  private forget(): void {
    this.waiting = [];
    this.first = this.bytes = 0;
    this.socket.off('drain', this.drain);
  }
}
