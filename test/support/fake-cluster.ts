// A cluster of any size that answers only questions about itself: one port per node on loopback in this process, each replying to
// INFO and CLUSTER NODES as a node of a healthy cluster does. Counts the requests.
import { createServer } from 'node:net';
import type { Server, Socket } from 'node:net';
import { RequestParser } from '../../src/resp/request-parser.js';

export interface FakeCluster {
  readonly ports: readonly number[];
  /** How often each node was asked for CLUSTER NODES. */
  readonly asked: readonly number[];
  /** Most nodes that were waiting for an answer at the same time. */
  readonly mostAtOnce: number;
  [Symbol.asyncDispose](): Promise<void>;
}

const bulk = (text: string): string => `$${text.length}\r\n${text}\r\n`;

function lines(ports: readonly number[], masters: number): string[] {
  const id = (index: number): string => index.toString(16).padStart(40, '0');
  return ports.map((port, index) => {
    const head = `${id(index)} 127.0.0.1:${port}@${port + 10_000}`;
    if (index >= masters) return `${head} slave ${id(index % masters)} 0 1 ${(index % masters) + 1} connected`;
    const edge = (at: number): number => Math.floor((16_384 * at) / masters);
    return `${head} master - 0 1 ${index + 1} connected ${edge(index)}-${edge(index + 1) - 1}`;
  });
}

/** Replies defined by a test, in wire format; undefined: the fake replies. */
export type FakeAnswers = (index: number, words: readonly string[]) => string | undefined;

/** `count` nodes, half of them masters; every reply takes `delayMs`. */
export async function startFakeCluster(count: number, delayMs: number, answers: FakeAnswers = () => undefined): Promise<FakeCluster> {
  const sockets = new Set<Socket>();
  const servers: Server[] = [];
  const asked = new Array<number>(count).fill(0);
  const state = { waiting: 0, mostAtOnce: 0, texts: [] as string[] };
  const answer = (index: number, words: readonly string[]): string => {
    const own = answers(index, words);
    if (own !== undefined) return own;
    const verb = words.slice(0, 2).join(' ').toUpperCase();
    if (verb === 'CLUSTER NODES') {
      asked[index] = (asked[index] ?? 0) + 1;
      const mine = state.texts.map((line, at) => (at === index ? line.replace(/(master|slave)/, 'myself,$1') : line));
      return bulk(`${mine.join('\n')}\n`);
    }
    return verb.startsWith('INFO') ? bulk('# Cluster\r\ncluster_enabled:1\r\n') : '-ERR unknown command\r\n';
  };
  const listen = (index: number): Promise<number> =>
    new Promise((listening) => {
      const server = createServer((socket) => {
        const parser = new RequestParser({ maxBulk: 1 << 20, authenticated: true });
        sockets.add(socket);
        socket.on('error', () => undefined);
        socket.on('data', (chunk: Buffer) => {
          let replies = '';
          parser.feed(chunk, chunk.length);
          for (let words = parser.next(); Array.isArray(words); words = parser.next()) replies += answer(index, words);
          parser.retain();
          state.mostAtOnce = Math.max(state.mostAtOnce, ++state.waiting);
          setTimeout(() => {
            state.waiting--;
            socket.write(replies, 'latin1');
          }, delayMs);
        });
      });
      servers.push(server);
      server.listen(0, '127.0.0.1', () => {
        const address = server.address();
        listening(typeof address === 'object' && address !== null ? address.port : 0);
      });
    });
  const ports = await Promise.all(Array.from({ length: count }, (_, index) => listen(index)));
  state.texts = lines(ports, Math.ceil(count / 2));
  return {
    ports,
    asked,
    get mostAtOnce() {
      return state.mostAtOnce;
    },
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy();
      await Promise.all(servers.map((server) => new Promise((closed) => server.close(closed))));
    },
  };
}
