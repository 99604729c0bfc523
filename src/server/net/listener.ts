// The TCP listener: accepts, limits, and gives every socket one shared read buffer.
import net from 'node:net';
import type { Duplex } from 'node:stream';

/** The handle inside Node's socket; adopting it permits choosing the read buffer. */
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
  accepted.destroy(); // It has no handle now; until it is destroyed the server would count it and never finish closing.
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
  // Without a 'readable' consumer the stream never starts the handle; resume does.
  (socket as Duplex).resume();
  return { socket, setReader: (read) => void (reader = read) };
}
