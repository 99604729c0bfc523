// A pair of servers for the parity tests: a bundled node in this process and a real redis-server.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Config } from '../../src/server/config/config.js';
import { startNode } from '../../src/server/node.js';
import type { Node } from '../../src/server/node.js';
import { freePort, startRedis, waitFor } from '../support/redis-server.js';
import type { RedisNode } from '../support/redis-server.js';
import { RawConnection } from './raw-connection.js';

export interface Pair {
  readonly ours: Node;
  readonly real: RedisNode;
  /** A connection to each: ours, real. */
  connect(): Promise<[RawConnection, RawConnection]>;
  /** Empties both. */
  reset(): Promise<void>;
  stop(): Promise<void>;
}

/** Starts both with the same directives on top of the defaults; in cluster mode each is a cluster of one node with all slots. */
export async function startPair(directives: Readonly<Record<string, string>> = {}): Promise<Pair> {
  const given = { ...directives, 'enable-debug-command': 'yes' };
  const inCluster = directives['cluster-enabled'] === 'yes';
  const dir = mkdtempSync(join(tmpdir(), 'redis-trib-parity-'));
  const real = await startRedis(Object.entries(given).flatMap(([name, value]) => [`--${name}`, value]));
  let ours: Node;
  try {
    const place = { port: inCluster ? String(await freePort()) : '0', 'ephemeral-port': 'yes', bind: '127.0.0.1', dir };
    ours = await startNode({ config: new Config({ ...place, save: '', ...given }) });
  } catch (error) {
    await real.stop();
    throw error;
  }
  const pair: Pair = {
    ours,
    real,
    connect: () => Promise.all([RawConnection.connect(ours.port), RawConnection.connect(real.port)]),
    async reset() {
      for (const link of await pair.connect()) {
        if (directives['requirepass'] !== undefined) await link.call('AUTH', directives['requirepass']);
        await link.call('FLUSHALL');
        link.close();
      }
    },
    async stop() {
      await Promise.all([ours.close(), real.stop()]);
      rmSync(dir, { recursive: true, force: true });
    },
  };
  if (inCluster) await takeAllSlots(pair);
  return pair;
}

async function takeAllSlots(pair: Pair): Promise<void> {
  for (const link of await pair.connect()) {
    await link.call('CLUSTER', 'ADDSLOTSRANGE', '0', '16383');
    await waitFor(async () => (await link.call('CLUSTER', 'INFO')).raw.includes('cluster_state:ok'), 'cluster_state:ok');
    link.close();
  }
}
