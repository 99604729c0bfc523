// Single nodes for tests: free ports, a folder, parameters.
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ExitCode, TribError } from '../errors.js';
import { takenPorts } from '../local/ports.js';
import { ErrorReply } from '../resp/server-reply.js';
import type { Clock } from '../server/runtime/clock.js';
import { Config } from '../server/config/config.js';
import { startNode, type Node } from '../server/node.js';

export const HOST = '127.0.0.1';
const PORT_TRIES = 200;

/** redis.conf parameters by name, in the form of CONFIG SET. */
export type NodeConfig = Readonly<Record<string, string>>;

export function makeFolder(): Promise<string> {
  return mkdtemp(join(tmpdir(), 'redis-trib-testing-'));
}

export function removeFolder(folder: string): Promise<void> {
  return rm(folder, { recursive: true, force: true });
}

/**
 * Free ports whose bus ports are free too; the first is chosen by process id, so that parallel suites do not collide. Throws
 * NO_PORTS.
 */
export async function freePorts(count: number): Promise<number[]> {
  const ports: number[] = [];
  let port = 20_000 + ((process.pid * 37) % 20_000);
  for (let tries = 0; ports.length < count && tries < PORT_TRIES; tries++, port++) {
    if ((await takenPorts(HOST, [port])).length === 0) ports.push(port);
  }
  if (ports.length < count) throw new TribError('NO_PORTS', `No ${count} free ports found on ${HOST}`);
  return ports;
}

/** Throws TribError BAD_CONFIG for a parameter or value that the node does not accept. */
function readConfig(config: NodeConfig): Config {
  try {
    return new Config(config);
  } catch (error) {
    const text = error instanceof ErrorReply ? error.text : String(error);
    throw new TribError('BAD_CONFIG', `The node does not accept this configuration: ${text}`, { exitCode: ExitCode.usage, cause: error, hint: 'names and values are those of redis.conf, for example { maxmemory: "10mb" }' });
  }
}

/** Starts one node in its own folder below `folder`. Throws BAD_CONFIG, or the node's error. */
export async function startTestNode(port: number, folder: string, clock: Clock, config: NodeConfig): Promise<Node> {
  const dir = join(folder, String(port));
  await mkdir(dir, { recursive: true }); // exists already when the node is restarted
  const settings = readConfig({ port: String(port), bind: HOST, dir, ...config });
  return startNode({ clock, config: settings, clusterServesAtOnce: true });
}
