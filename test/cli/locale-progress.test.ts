// Progress at a terminal whose locale has no UTF-8: the work is done, and the screen has ASCII signs only.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { openTerminal } from '../support/cli.js';
import { fill, keysInSlots } from '../support/load.js';
import { describeWithRedis, startRedisCluster, type RedisNodes } from '../support/redis-server.js';

describeWithRedis('progress without UTF-8', () => {
  let nodes: RedisNodes;
  const folder = mkdtempSync(join(tmpdir(), 'redis-trib-locale-'));

  beforeAll(async () => {
    nodes = await startRedisCluster(2);
    await fill(nodes, keysInSlots(0, 99, 500).map((key) => ['SET', key, 'x'.repeat(1000)]));
  });
  afterAll(async () => {
    await nodes.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  it.each([
    ['reshard', () => ['reshard', nodes.seed, '--from', nodes.nodes[0]!.address, '--to', nodes.nodes[1]!.address, '--slots', '100', '--yes'], '+ Moved 100 slots with 500 keys'],
    ['rebalance', () => ['rebalance', nodes.seed, '--threshold', '1', '--yes'], '+ Moved'],
    ['backup', () => ['backup', nodes.seed, join(folder, 'saved')], '+ Saved 2 masters'],
  ] as const)('%s', async (_, words, done) => {
    const terminal = openTerminal(words(), { env: { LC_ALL: 'C' } });
    expect(await terminal.exit, terminal.screen()).toBe(0);
    expect(terminal.screen()).toContain(done);
    expect(terminal.raw()).toMatch(/^[\x00-\x7f]*$/);
  });
});
