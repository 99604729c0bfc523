// Which ports of this machine are free for a node: its port and its bus port, 10000 above. Binds and lets go; keeps nothing.
import { createServer } from 'node:net';
import { ExitCode, TribError } from '../errors.js';

/** A node's bus port is its port plus this (cluster-node 1). */
export const BUS_OFFSET = 10_000;

/** Highest port that still has room for a bus port. */
export const HIGHEST_PORT = 65_535 - BUS_OFFSET;

/** Whether this process could listen there now. */
export function isFree(host: string, port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen({ host, port, exclusive: true }, () => server.close(() => resolve(true)));
  });
}

/** The ports (with bus ports) among the given that somebody else holds. */
export async function takenPorts(host: string, ports: readonly number[]): Promise<number[]> {
  const all = [...ports, ...ports.map((port) => port + BUS_OFFSET)];
  const free = await Promise.all(all.map((port) => isFree(host, port)));
  return all.filter((_, index) => free[index] !== true);
}

/** Refuses taken ports by name. Throws TribError PORT_TAKEN (exit 1) or USAGE (exit 2) for ports out of range. */
export async function requireFree(host: string, ports: readonly number[]): Promise<void> {
  const outside = ports.find((port) => port < 1 || port > HIGHEST_PORT);
  if (outside !== undefined) {
    throw new TribError('USAGE', `port ${outside} cannot be a cluster node's: its bus port is ${outside + BUS_OFFSET}`, { hint: `choose ports up to ${HIGHEST_PORT}`, exitCode: ExitCode.usage });
  }
  const taken = await takenPorts(host, ports);
  if (taken.length === 0) return;
  const names = taken.map((port) => (ports.includes(port) ? `${port}` : `${port} (the bus port of ${port - BUS_OFFSET})`));
  throw new TribError('PORT_TAKEN', `${taken.length === 1 ? 'port' : 'ports'} ${names.join(', ')} on ${host}: already in use by another program`, {
    hint: `--port ${await suggestBase(host, ports)} starts the nodes elsewhere`,
  });
}

async function suggestBase(host: string, ports: readonly number[]): Promise<number> {
  const first = ports[0] ?? 30_001;
  return findFreeRun(host, first + 100, ports.length);
}

/** The first port from `start` on (in steps of 100) with `count` free neighbours. Throws PORT_TAKEN when there is none. */
export async function findFreeRun(host: string, start: number, count: number): Promise<number> {
  for (let base = start; base + count - 1 <= HIGHEST_PORT; base += 100) {
    const ports = Array.from({ length: count }, (_, index) => base + index);
    if ((await takenPorts(host, ports)).length === 0) return base;
  }
  throw new TribError('PORT_TAKEN', `no ${count} free ports in a row from ${start} on`, {});
}
