// A proxy in front of one real node that can replace commands of a client: the node replies to the replacements, in
// order. With `failWith` a chosen command gets any error reply without the server being in that state.
import { createServer, connect } from 'node:net';
import type { Socket } from 'node:net';
import { encodeCommand } from '../../src/resp/command.js';
import { RequestParser } from '../../src/resp/request-parser.js';

export type Rewrite = (words: readonly string[]) => readonly string[];

export interface Proxy {
  readonly port: number;
  /** What is done with commands from now on. */
  rewrite: Rewrite;
  [Symbol.asyncDispose](): Promise<void>;
}

/** A command that is answered with this error, e.g. `READONLY You can't write against a read only replica.` */
export function failWith(error: string): readonly string[] {
  return ['EVAL', 'return redis.error_reply(ARGV[1])', '0', `-${error}`];
}

/** Listens on a free port and talks to 127.0.0.1:`port`. */
export async function startProxy(port: number): Promise<Proxy> {
  const sockets = new Set<Socket>();
  const proxy = { port: 0, rewrite: (words: readonly string[]) => words };
  const server = createServer((client) => {
    const node = connect(port, '127.0.0.1');
    const parser = new RequestParser({ maxBulk: 512 * 1024 * 1024, authenticated: true });
    for (const [one, other] of [[client, node], [node, client]] as const) {
      sockets.add(one);
      one.on('error', () => undefined);
      one.on('close', () => other.destroy());
    }
    client.on('data', (chunk: Buffer) => {
      parser.feed(chunk, chunk.length);
      for (let words = parser.next(); Array.isArray(words); words = parser.next()) node.write(encodeCommand(proxy.rewrite(words)), 'latin1');
      parser.retain();
    });
    node.on('data', (chunk: Buffer) => client.write(chunk));
  });
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  const address = server.address();
  const close = (): Promise<void> =>
    new Promise((closed) => {
      for (const socket of sockets) socket.destroy();
      server.close(() => closed());
    });
  return Object.assign(proxy, { port: typeof address === 'object' && address !== null ? address.port : 0, [Symbol.asyncDispose]: close });
}
