// The TCP listener: accepts connections and lets all their sockets read into one shared buffer.
import net from 'node:net';
import type { Duplex } from 'node:stream';

/** The handle inside Node's socket. A new socket made from it can use a read buffer of our choice. */
interface RawHandle {
  readonly reading?: boolean;
}
interface Adopted {
  _handle: RawHandle | null;
}
interface OnRead {
  readonly buffer: Uint8Array;
  readonly callback: (length: number, buffer: Uint8Array) => boolean;
}

export interface ListenAddress {
  readonly host: string;
  readonly port: number;
}

export type Accept = (socket: net.Socket, setReader: (read: (chunk: Buffer, length: number) => void) => void) => void;

/** Bytes read at once, one buffer for all sockets of a listener. */
const READ_BUFFER = 64 * 1024;

/**
 * Listens on an address; resolves when bound. `accept` gets each socket with a function that sets its reader. The next read of
 * any socket overwrites the chunk a reader gets.
 */
export async function listen(address: ListenAddress, backlog: number, accept: Accept): Promise<net.Server> {
  const shared = Buffer.allocUnsafeSlow(READ_BUFFER);
  const server = net.createServer({ pauseOnConnect: true, noDelay: true }, (accepted) => {
    const taken = adopt(accepted, shared);
    if (taken) accept(taken.socket, taken.setReader);
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen({ ...address, backlog }, () => {
      server.off('error', reject);
      resolve();
    });
  });
  return server;
}

/** Moves the accepted handle into a new socket that reads into the shared buffer; null when it is closed already. */
function adopt(accepted: net.Socket, shared: Buffer): { socket: net.Socket; setReader: (read: (chunk: Buffer, length: number) => void) => void } | null {
  const holder = accepted as unknown as Adopted;
  const handle = holder._handle;
  if (!handle) return null;
  holder._handle = null;
  accepted.destroy(); // Without a handle it never closes by itself, and the server's close() would wait for it forever.
  let reader: (chunk: Buffer, length: number) => void = () => {};
  const onread: OnRead = {
    buffer: shared,
    callback: (length) => {
      reader(shared, length);
      return true;
    },
  };
  const options = { handle, onread, allowHalfOpen: false } as unknown as net.SocketConstructorOpts;
  const socket = new net.Socket(options);
  // Nothing consumes 'data' or 'readable' events, so only resume() makes the handle read.
  (socket as Duplex).resume();
  return { socket, setReader: (read) => void (reader = read) };
}
