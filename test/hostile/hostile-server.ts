// A server on loopback that replies as one node of a cluster does, except for the behaviour under test: other replies to some
// commands, or another treatment of the whole connection.
import { createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { RequestParser } from '../../src/resp/request-parser.js';

/** The bytes of an answer (latin1), a function that acts on the socket, or undefined for the reply of a correct node. */
export type Answer = string | ((socket: Socket) => void) | undefined;

export interface Behaviour {
  /** By the words of a command in capitals, e.g. `CLUSTER NODES`; the longest that the command begins with counts. */
  readonly answers?: Readonly<Record<string, (port: number) => Answer>>;
  /** Instead of all that: what happens with a new connection. */
  readonly connection?: (socket: Socket) => void;
}

export const ID = 'a'.repeat(40);

export function bulk(text: string): string {
  return `$${text.length}\r\n${text}\r\n`;
}

/** A line about the server itself, with all slots. */
export function ownLine(port: number, more = ' 0-16383', flags = 'myself,master', address = `127.0.0.1:${port}@${port + 10_000}`): string {
  return `${ID} ${address} ${flags} - 0 1 1 connected${more}`;
}

/** CLUSTER NODES as a reply. */
export function nodes(...lines: string[]): string {
  return bulk(`${lines.join('\n')}\n`);
}

function orderly(verb: string, port: number): string {
  if (verb.startsWith('CLUSTER NODES')) return nodes(ownLine(port));
  if (verb.startsWith('CLUSTER INFO')) return bulk('cluster_state:ok\r\ncluster_slots_assigned:16384\r\n');
  if (verb.startsWith('CLUSTER MYID')) return bulk(ID);
  if (verb.startsWith('INFO')) return bulk('# Server\r\nredis_version:7.0.15\r\ncluster_enabled:1\r\nrole:master\r\n');
  if (verb.startsWith('DBSIZE')) return ':0\r\n';
  if (verb.startsWith('CONFIG GET')) return '*0\r\n';
  if (verb.startsWith('COMMAND')) return '*0\r\n';
  if (verb.startsWith('SCAN')) return '*2\r\n$1\r\n0\r\n*0\r\n';
  if (verb.startsWith('CLUSTER COUNTKEYSINSLOT')) return ':0\r\n';
  return "-ERR unknown command\r\n";
}

export class HostileServer {
  private readonly sockets = new Set<Socket>();

  private constructor(
    private readonly server: Server,
    private readonly behaviour: Behaviour,
  ) {}

  static async start(behaviour: Behaviour): Promise<HostileServer> {
    const server = createServer();
    const made = new HostileServer(server, behaviour);
    server.on('connection', (socket) => made.serve(socket));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return made;
  }

  get port(): number {
    return (this.server.address() as AddressInfo).port;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const socket of this.sockets) socket.destroy();
    await new Promise((closed) => this.server.close(closed));
  }

  private serve(socket: Socket): void {
    this.sockets.add(socket);
    socket.on('error', () => undefined);
    socket.on('close', () => this.sockets.delete(socket));
    if (this.behaviour.connection !== undefined) return this.behaviour.connection(socket);
    const parser = new RequestParser({ maxBulk: 1 << 20, authenticated: true });
    socket.on('data', (chunk: Buffer) => {
      parser.feed(chunk, chunk.length);
      for (let words = parser.next(); Array.isArray(words); words = parser.next()) this.answer(socket, words.join(' ').toUpperCase());
      parser.retain();
    });
  }

  private answer(socket: Socket, verb: string): void {
    const own = Object.keys(this.behaviour.answers ?? {}).filter((name) => verb.startsWith(name)).sort((a, b) => b.length - a.length)[0];
    const answer = own === undefined ? undefined : this.behaviour.answers?.[own]?.(this.port);
    if (typeof answer === 'function') answer(socket);
    else socket.write(answer ?? orderly(verb, this.port), 'latin1');
  }
}

/** Writes `head`, then the piece for as long as the peer takes it. */
export function flood(piece: string, head = ''): (socket: Socket) => void {
  const chunk = Buffer.from(piece.repeat(Math.ceil(16_384 / piece.length)), 'latin1');
  return (socket) => {
    socket.write(head, 'latin1');
    const pour = (): void => {
      while (!socket.destroyed && socket.write(chunk));
    };
    socket.on('drain', pour);
    pour();
  };
}

/** Writes the piece every so many milliseconds. */
export function drip(piece: string, everyMs: number, head = ''): (socket: Socket) => void {
  return (socket) => {
    socket.write(head, 'latin1');
    const timer = setInterval(() => socket.write(piece, 'latin1'), everyMs);
    socket.on('close', () => clearInterval(timer));
  };
}
