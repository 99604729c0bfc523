// A TCP proxy that delays every chunk in both directions, like a network with a long round trip. It is a separate
// process: node delay-proxy.js LISTEN-HOST NODE-HOST DELAY-MS PORT…; prints `ready`, ends with its input.
import { connect, createServer } from 'node:net';
import type { Socket } from 'node:net';

function pipe(from: Socket, into: Socket, delayMs: number): void {
  from.on('data', (chunk: Buffer) => setTimeout(() => into.write(chunk), delayMs));
  from.once('close', () => setTimeout(() => into.destroy(), delayMs));
  from.on('error', () => from.destroy());
}

function listen(host: string, port: number, nodeHost: string, delayMs: number): Promise<void> {
  const server = createServer({ noDelay: true }, (client) => {
    const node = connect({ host: nodeHost, port, noDelay: true });
    pipe(client, node, delayMs);
    pipe(node, client, delayMs);
  });
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, resolve);
  });
}

const [host = '', nodeHost = '', delayMs = '1', ...ports] = process.argv.slice(2);
await Promise.all(ports.map((port) => listen(host, Number(port), nodeHost, Number(delayMs))));
process.stdin.resume().once('end', () => process.exit());
process.stdout.write('ready\n');
