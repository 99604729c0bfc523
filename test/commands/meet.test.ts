// A member that restarted at another address and cannot reach the other nodes: only its id identifies it.
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { documentOf } from '../support/json-shape.js';
import { runHere } from '../support/broken-cluster.js';
import { describeWithRedis, freePort, startRedis, startRedisCluster } from '../support/redis-server.js';

describeWithRedis('meet', () => {
  it('announces the new address of a member to all nodes; the member keeps its id and its slots', async () => {
    const cluster = await startRedisCluster(3);
    try {
      const [first, second, third] = cluster.nodes;
      if (first === undefined || second === undefined || third === undefined) throw new Error('no nodes');
      await third.kill('SIGTERM');
      const file = join(third.dir, 'nodes.conf');
      let text = readFileSync(file, 'utf8');
      const nowhere = await freePort();
      for (const { port } of [first, second]) text = text.replaceAll(`:${port}@${port + 10_000}`, `:${nowhere}@${nowhere + 10_000}`);
      writeFileSync(file, text);
      await using moved = await startRedis(['--cluster-enabled', 'yes', '--cluster-node-timeout', '5000', '--dir', third.dir]);
      const dry = await runHere(['meet', first.address, moved.address, '--dry-run']);
      expect(dry).toMatchObject({ code: 0, stdout: `${moved.address}, which was ${third.address}, would be introduced.\n` });
      const done = await runHere(['meet', first.address, moved.address, '--yes']);
      expect(done).toMatchObject({ code: 0, stdout: `[OK] ${moved.address}, which was ${third.address}, is known to all nodes.\n` });
      expect(await runHere(['check', second.address])).toMatchObject({ code: 0, stdout: expect.stringContaining(moved.address) as string });
      expect(await runHere(['meet', first.address, moved.address, '--yes'])).toMatchObject({ code: 0, stdout: `[OK] ${moved.address} already has this address.\n` });
      documentOf((await runHere(['meet', first.address, moved.address, '--yes', '--json'])).stdout, 'nodes', 'applied');
    } finally {
      await cluster.stop();
    }
  });
});
