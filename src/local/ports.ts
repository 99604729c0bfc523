// Free ports of this host for a node: its port and its bus port, 10000 above. Binds and releases them.
import { createServer } from 'node:net';
import { ExitCode, TribError } from '../errors.js';

/** A node's bus port is its port plus this (cluster-node.md 1). */
export const BUS_OFFSET = 10_000;

/** Distance between the first ports that are tried. */
const STEP = 100;

/** Highest port whose bus port is valid. */
export const HIGHEST_PORT = 65_535 - BUS_OFFSET;

/** Whether this process can listen on the port now. */
export function isFree(host: string, port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen({ host, port, exclusive: true }, () => server.close(() => resolve(true)));
  });
}

/** The given ports that are in use, or whose bus ports are. */
export async function takenPorts(host: string, ports: readonly number[]): Promise<number[]> {
  const all = [...ports, ...ports.map((port) => port + BUS_OFFSET)];
  const free = await Promise.all(all.map((port) => isFree(host, port)));
  return all.filter((_, index) => free[index] !== true);
}

/** Refuses ports that are in use. Throws TribError PORT_TAKEN (exit 1) or USAGE (exit 2) for ports out of range. */
export async function requireFree(host: string, ports: readonly number[]): Promise<void> {
  const outside = ports.find((port) => port < 1 || port > HIGHEST_PORT);
  if (outside !== undefined) {
    throw new TribError('USAGE', `port ${outside} cannot be used by a cluster node: its bus port would be ${outside + BUS_OFFSET}`, { hint: `choose ports up to ${HIGHEST_PORT}`, exitCode: ExitCode.usage });
  }
  const taken = await takenPorts(host, ports);
  if (taken.length === 0) return;
  const names = taken.map((port) => (ports.includes(port) ? `${port}` : `${port} (the bus port of ${port - BUS_OFFSET})`));
  throw new TribError('PORT_TAKEN', `${taken.length === 1 ? 'port' : 'ports'} ${names.join(', ')} on ${host}: already in use by another program`, { hint: await otherPorts(host, ports) });
}

async function otherPorts(host: string, ports: readonly number[]): Promise<string> {
  const base = await freeRun(host, (ports[0] ?? 30_001) + STEP, ports.length);
  return base === undefined ? 'use other ports: a lower --port' : `use other ports: --port ${base}`;
}

/**
 * The first port from `start` on, in steps, from which `count` ports and their bus ports are free; undefined when there is
 * none.
 */
async function freeRun(host: string, start: number, count: number): Promise<number | undefined> {
  for (let base = start; base + count - 1 <= HIGHEST_PORT; base += STEP) {
    const ports = Array.from({ length: count }, (_, index) => base + index);
    if ((await takenPorts(host, ports)).length === 0) return base;
  }
  return undefined;
}

/** As freeRun. Throws PORT_TAKEN when there is none. */
export async function findFreeRun(host: string, start: number, count: number): Promise<number> {
  const base = await freeRun(host, start, count);
  if (base !== undefined) return base;
  throw new TribError('PORT_TAKEN', `found no ${count} consecutive ports from ${start} to ${HIGHEST_PORT} on ${host} that are free together with their bus ports (port + ${BUS_OFFSET})`, { hint: 'end programs that use such ports, or choose a lower --port' });
}
