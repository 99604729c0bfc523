// Empty bundled nodes as separate processes, for tests: started and removed by `redis-trib local`.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { findFreeRun } from '../../src/local/ports.js';
import { runCli } from './cli.js';
import { freePort } from './redis-server.js';

export interface BundledNodes {
  /** `host:port` of one of them. */
  address(index: number): string;
  stop(): Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
}

/** Starts so many nodes that don't know each other. */
export async function startBundledNodes(count: number): Promise<BundledNodes> {
  const cwd = mkdtempSync(join(tmpdir(), 'redis-trib-bundled-'));
  const base = await findFreeRun('127.0.0.1', await freePort(), count);
  const started = await runCli(['local', 'start', '--masters', String(count), '--replicas', '0', '--port', String(base)], { cwd });
  if (started.code !== 0) throw new Error(`bundled nodes did not start:\n${started.stderr}`);
  const stop = async (): Promise<void> => {
    await runCli(['local', 'clean', '--yes'], { cwd });
    rmSync(cwd, { recursive: true, force: true });
  };
  return { address: (index) => `127.0.0.1:${base + index}`, stop, [Symbol.asyncDispose]: stop };
}
