// A TCP proxy that holds every chunk back for a while, each way: a network with a round trip worth the name.
import { connect, createServer } from 'node:net';
import type { Server, Socket } from 'node:net';

/** Forwards `host:port` to the port `to`, `delayMs` later each way; resolves when it listens. Close the server to end it. */
export function delayProxy(host: string, port: number, to: number, delayMs: number): Promise<Server> {
  const pipe = (from: Socket, into: Socket): void => {
    from.on('data', (chunk: Buffer) => setTimeout(() => into.write(chunk), delayMs));
    from.once('close', () => setTimeout(() => into.destroy(), delayMs));
    from.on('error', () => from.destroy());
  };
  const server = createServer({ noDelay: true }, (client) => {
    const node = connect({ host, port: to, noDelay: true });
    pipe(client, node);
    pipe(node, client);
  });
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, () => resolve(server));
  });
}
