// failover, replicate, reset, forget, del-node and rolling of nodes that send or receive slots by an atomic migration, which
// any program may have started. With moves key by key: role-changes-during-moves.test.ts.
import { expect, it } from 'vitest';
import { runCli } from '../support/cli.js';
import { fill, keysInSlots } from '../support/load.js';
import { describeWithServers, startRedis, startRedisCluster, waitFor } from '../support/redis-server.js';
import { serverBuild } from '../support/server-builds.js';

const BUILD = serverBuild('valkey-9.1');

describeWithServers(['valkey-9.1'], 'role changes of nodes whose slots the servers move', () => {
  it('are refused until the migration has ended, but not for who accepts lost writes', async () => {
    await using nodes = await startRedisCluster(3, { build: BUILD, replicas: 1 });
    const at = (index: number): string => nodes.nodes[index]?.address ?? '';
    await using empty = await startRedis(['--cluster-enabled', 'yes'], [BUILD?.server ?? '']);
    await fill(nodes, keysInSlots(0, 9, 200).map((key) => ['SET', key, 'x'.repeat(50_000)]));
    expect(await runCli(['add-node', empty.address, at(0), '--yes'])).toMatchObject({ code: 0 });
    await using source = await nodes.nodes[0]?.connect();
    await using target = await empty.connect();
    await source?.command(['CONFIG', 'SET', 'rdb-key-save-delay', '100000000']); // The snapshot does not end.
    await source?.command(['CLUSTER', 'MIGRATESLOTS', 'SLOTSRANGE', '0', '9', 'NODE', String(await target.command(['CLUSTER', 'MYID']))]);
    await waitFor(async () => String(await target.command(['CLUSTER', 'GETSLOTMIGRATIONS'])).includes('IMPORT'), 'the target to list the migration');
    const commands = [
      ['failover', at(3)],
      ['failover', at(3), '--force'],
      ['rolling', at(1), '--nodes', at(0), '--exec', 'true {port}'],
      ['replicate', empty.address, '--master', at(1)],
      ['reset', empty.address],
      ['forget', at(0), empty.address],
      ['del-node', at(0), empty.address],
    ];
    for (const words of commands) expect([words, await runCli([...words, '--yes'])]).toEqual([words, expect.objectContaining({ code: 1, stderr: expect.stringMatching(/is the (source|target) of a running migration of slots 0-9 .*\n.*wait until the migration has ended/) as string })]);
    expect(await runCli(['failover', at(3), '--force', '--lose-writes', '--dry-run'])).toMatchObject({ code: 0 });
    expect(await runCli(['failover', at(4), '--yes'])).toMatchObject({ code: 0 }); // A shard that takes no part.
    await source?.pipeline([['CLUSTER', 'CANCELSLOTMIGRATIONS'], ['CONFIG', 'SET', 'rdb-key-save-delay', '0']]);
    expect(await runCli(['failover', at(3), '--yes'])).toMatchObject({ code: 0 });
  }, 60_000);
});
