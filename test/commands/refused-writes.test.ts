// check of nodes that answer every write with MISCONF: a snapshot failed, or the append-only file cannot be written.
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { refusedWrites } from '../../src/apply/cluster/refused-writes.js';
import type { AskedCluster } from '../../src/apply/cluster/replica-copies.js';
import { Connection } from '../../src/client/connection.js';
import type { Finding } from '../../src/cluster/findings.js';
import { ReplyError } from '../../src/resp/reply.js';
import { startCluster, type TestNode } from '../../src/testing.js';
import { runHere } from '../support/broken-cluster.js';
import { describeWithRedis, startRedisCluster, waitFor, type RedisNode } from '../support/redis-server.js';

/** Makes the next snapshots of a node fail: a folder has the name of its file. */
async function failSave(node: RedisNode): Promise<void> {
  await using link = await node.connect();
  const [, folder] = (await link.command(['CONFIG', 'GET', 'dir'])) as string[];
  const [, file] = (await link.command(['CONFIG', 'GET', 'dbfilename'])) as string[];
  rmSync(join(folder ?? '', file ?? ''), { recursive: true, force: true });
  mkdirSync(join(folder ?? '', file ?? ''));
  await link.command(['CONFIG', 'SET', 'save', '3600 1']);
  await link.command(['BGSAVE']);
  await waitFor(async () => String(await link.command(['INFO', 'persistence'])).includes('rdb_last_bgsave_status:err'), 'the save to fail');
}

describeWithRedis('check of nodes whose last save failed', () => {
  it('warns of those that refuse writes, except in the predecessors\' spelling', async () => {
    await using nodes = await startRedisCluster(3, { replicas: 1 });
    const [first, second] = nodes.nodes as [RedisNode, RedisNode];
    const replica = nodes.nodes[3] as RedisNode;
    const before = await runHere(['--cluster', 'check', nodes.seed]);
    for (const node of [first, second, replica]) await failSave(node);
    await using link = await second.connect();
    await link.command(['CONFIG', 'SET', 'stop-writes-on-bgsave-error', 'no']);

    const refused = (node: RedisNode, subject: string): string => `warning: ${subject.replace('X', node.address)}: its last BGSAVE failed (stop-writes-on-bgsave-error is yes); see its log and free disk space\n`;
    const plain = await runHere(['check', nodes.seed]);
    expect(plain.code).toBe(0);
    expect(plain.stderr).toContain(refused(first, 'Master X refuses writes'));
    expect(plain.stderr).toContain(refused(replica, 'Replica X would refuse writes as a master'));
    expect(plain.stderr).not.toContain(`${second.address} `);
    const json = await runHere(['check', nodes.seed, '--json']);
    const { ok, findings } = JSON.parse(json.stdout) as { ok: boolean; findings: { kind: string; severity: string; node: { port: number } }[] };
    expect([json.code, ok]).toEqual([0, true]);
    expect(findings.map(({ kind, severity, node }) => [kind, severity, node.port]).sort()).toEqual([first, replica].map(({ port }) => ['refused-writes', 'warning', port]).sort());
    expect((await runHere(['check', nodes.seed, '-o', 'table'])).stdout).toContain(`Master ${first.address} refuses writes: `);
    const same = await runHere(['--cluster', 'check', nodes.seed]);
    expect(same).toEqual(before);

    await link.command(['CONFIG', 'SET', 'stop-writes-on-bgsave-error', 'yes']);
    await link.command(['CONFIG', 'SET', 'save', '']);
    expect((await runHere(['check', nodes.seed])).stderr).not.toContain(`${second.address} `);
    for (const node of nodes.nodes) {
      await using admin = await node.connect();
      await admin.command(['ACL', 'SETUSER', 'half', 'on', '>pw', '~*', '+@all', '-config']);
    }
    const half = await runHere(['check', first.address, '--user', 'half', '--pass', 'pw', '--no-auth-warning']);
    expect(half.stderr).toContain(`Master ${first.address} may refuse writes: its last BGSAVE failed, and its settings cannot be read`);
  });
});

/** What is found for one master that reports these fields; `settings` undefined: it refuses CONFIG. */
async function found(info: Readonly<Record<string, string>>, settings?: Readonly<Record<string, string>>): Promise<Finding[]> {
  const configGet = (name: string): Promise<string | undefined> => (settings === undefined ? Promise.reject(new ReplyError('NOPERM no')) : Promise.resolve(settings[name]));
  const cluster = { view: { nodes: [{ id: 'a', name: 'h:1', role: 'master' }] }, admin: () => Promise.resolve({ configGet }) } as unknown as AskedCluster;
  return refusedWrites(cluster, new Map([['a', new Map(Object.entries(info))]]));
}

describe('refused writes, from what a node reports', () => {
  const stopping = { 'stop-writes-on-bgsave-error': 'yes', save: '3600 1' };
  const failed = { rdb_last_bgsave_status: 'err', aof_enabled: '0', aof_last_write_status: 'ok' };
  it.each([
    ['a failed save', failed, stopping, { cause: 'rdb', certain: true }],
    ['a failed save without save points', failed, { ...stopping, save: '' }, undefined],
    ['a failed save that does not stop writes', failed, { ...stopping, 'stop-writes-on-bgsave-error': 'no' }, undefined],
    ['a failed save and unreadable settings', failed, undefined, { cause: 'rdb', certain: false }],
    ['an unwritable append-only file', { rdb_last_bgsave_status: 'ok', aof_enabled: '1', aof_last_write_status: 'err' }, undefined, { cause: 'aof', certain: true }],
    ['both, without save points', { rdb_last_bgsave_status: 'err', aof_enabled: '1', aof_last_write_status: 'err' }, { ...stopping, save: '' }, { cause: 'aof', certain: true }],
    ['an append-only file that is off', { rdb_last_bgsave_status: 'ok', aof_enabled: '0', aof_last_write_status: 'err' }, stopping, undefined],
    ['no such section', {}, stopping, undefined],
  ])('%s', async (_, info, settings, wanted) => {
    expect(await found(info, settings)).toEqual(wanted === undefined ? [] : [{ kind: 'refused-writes', severity: 'warning', node: { id: 'a', name: 'h:1' }, role: 'master', ...wanted }]);
  });
});

describe('check of a bundled node on a full disk', () => {
  it.skipIf(process.getuid?.() !== 0 || process.platform !== 'linux')('warns that it cannot write its append-only file', async ({ skip }) => {
    const dir = mkdtempSync(join(tmpdir(), 'redis-trib-full-'));
    if (spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=512k', 'tmpfs', dir]).status !== 0) return skip('mounting is not permitted');
    const cluster = await startCluster({ masters: 1, config: { dir, appendonly: 'yes', appendfsync: 'everysec' } });
    try {
      const [{ host, port }] = cluster.nodes as [TestNode];
      await using link = await Connection.connect({ host, port });
      const set = async (): Promise<string> => String((await link.pipeline([['SET', 'key', 'x'.repeat(50_000)]]))[0]);
      await waitFor(async () => (await set()).includes('MISCONF Errors writing to the AOF file'), 'the disk to be full');
      const run = await runHere(['check', `${host}:${port}`]);
      expect(run).toMatchObject({ code: 0, stderr: expect.stringContaining(`warning: Master ${host}:${port} refuses writes: it cannot write its append-only file; see its log and free disk space\n`) as string });
    } finally {
      await cluster.stop().catch(() => undefined);
      spawnSync('umount', ['-l', dir]); // lazily: a node that cannot flush its file keeps it open
      rmSync(dir, { recursive: true, force: true });
    }
  });
});
