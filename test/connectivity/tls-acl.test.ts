// Every subcommand that connects, against a real cluster that accepts only TLS, requires client certificates and has one ACL
// user whose password has a blank and a percent sign. Keys are moved by MIGRATE with AUTH2. The tests depend on their order.
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { commands } from '../../commands/index.js';
import { ClusterClient } from '../../src/client/cluster-client.js';
import { runCli, type CliResult } from '../support/cli.js';
import { describeWithRedis } from '../support/redis-server.js';
import { TLS, ask, startNode, startNodes, writeTlsFiles, type PlacedNode, type TlsFiles } from './nodes.js';

const PASSWORD = 'p w%s';
const USERS = ['--user', 'admin', 'on', `>${PASSWORD}`, '~*', '&*', '+@all', '--user', 'default', 'off', '--masteruser', 'admin', '--masterauth', PASSWORD];
const ACCESS = { tls: TLS, username: 'admin', password: PASSWORD };
const KEYS = 600;

describeWithRedis('a cluster with TLS and ACL', () => {
  let files: TlsFiles;
  let nodes: PlacedNode[];
  let spare: PlacedNode;
  let scratch: string;
  const tried = new Set<string>();

  beforeAll(async () => {
    files = writeTlsFiles();
    scratch = mkdtempSync(join(tmpdir(), 'redis-trib-backup-'));
    nodes = await startNodes(7, { tls: true, args: USERS }, files);
    spare = nodes.pop()!;
  });
  afterAll(async () => {
    await Promise.all([...nodes, spare].map((node) => node.stop()));
    files.remove();
    rmSync(scratch, { recursive: true, force: true });
  });

  const seed = (index = 0): string => nodes[index]?.address ?? '';
  const flags = (): string[] => ['--tls', '--cacert', files.ca, '--cert', files.cert, '--key', files.key, '--user', 'admin'];
  /** Runs a subcommand with the certificates and the credentials. */
  const run = async (name: string, ...words: string[]): Promise<CliResult> => {
    tried.add(name);
    const result = await runCli([name, ...words, ...flags()], { env: { REDISCLI_AUTH: PASSWORD, HOME: scratch }, cwd: scratch });
    expect(result.stderr + result.stdout).not.toContain(PASSWORD);
    return result;
  };
  const good = async (name: string, ...words: string[]): Promise<CliResult> => {
    const result = await run(name, ...words);
    expect(result, `${name} ${words.join(' ')}\n${result.stdout}\n${result.stderr}`).toMatchObject({ code: 0 });
    return result;
  };
  const on = (index: number, ...words: (string | number)[]): Promise<unknown> => ask(nodes[index]!, words, ACCESS);
  const id = async (node: PlacedNode): Promise<string> => String(await ask(node, ['CLUSTER', 'MYID'], ACCESS));
  const client = (): Promise<ClusterClient> => ClusterClient.connect([nodes[0]!], ACCESS);
  const keys = async (): Promise<number> => {
    const { keys: count } = JSON.parse((await good('info', seed(), '--json')).stdout) as { keys: number };
    return count;
  };

  it('is made by create', async () => {
    await good('create', ...nodes.map(({ address }) => address), '--replicas', '1', '--yes', '--wait');
    await using one = await client();
    await Promise.all(Array.from({ length: KEYS }, (_, index) => one.command(['SET', `key:${index}`, 'v'.repeat(100)])));
  });

  it('works with check, info, nodes, slots and call', async () => {
    expect((await good('check', seed())).stdout).toContain('[OK] All 16384 slots covered.');
    expect(await keys()).toBe(KEYS);
    await good('nodes', seed());
    await good('slots', seed());
    expect((await good('call', '--only-masters', seed(), 'ping')).stdout.match(/PONG/g)).toHaveLength(3);
  });

  it('refuses connections without certificate, TLS or password or with a wrong one: exit 3, and a hint', async () => {
    const tls = ['--tls', '--cacert', files.ca, '--cert', files.cert, '--key', files.key];
    const hint = expect.stringContaining('try:') as string;
    expect(await runCli(['check', seed()])).toMatchObject({ code: 3, stderr: hint });
    expect(await runCli(['check', seed(), '--tls', '--cacert', files.ca, '--user', 'admin'], { env: { REDISCLI_AUTH: PASSWORD } })).toMatchObject({ code: 3, stderr: expect.stringMatching(/--cert and --key|--cert, --key/) as string });
    expect(await runCli(['check', seed(), '--tls'])).toMatchObject({ code: 3, stderr: expect.stringContaining('--cacert') as string });
    expect(await runCli(['check', seed(), ...tls])).toMatchObject({ code: 3, stderr: hint });
    expect(await runCli(['check', seed(), ...tls, '--user', 'admin'], { env: { REDISCLI_AUTH: 'wrong' } })).toMatchObject({ code: 3, stderr: expect.stringContaining('WRONGPASS') as string });
  });

  it('works with reshard, rebalance and apply: MIGRATE sends AUTH2 over TLS', async () => {
    await good('reshard', seed(), '--from', seed(), '--to', seed(1), '--slots', '500', '--yes');
    expect(String(await on(0, 'INFO', 'commandstats'))).toMatch(/cmdstat_migrate:calls=[1-9]/);
    await good('rebalance', seed(), '--yes');
    await good('reshard', seed(), '--from', seed(2), '--to', seed(1), '--slots', '100', '--dry-run', '--plan-out', 'plan.json');
    await good('apply', 'plan.json', '--yes');
    expect(await keys()).toBe(KEYS);
  });

  it('works with fix of an open slot with keys on both sides', async () => {
    const [first, second] = [await id(nodes[0]!), await id(nodes[1]!)];
    const slot = Number(await on(0, 'CLUSTER', 'KEYSLOT', String(await on(0, 'RANDOMKEY'))));
    await on(1, 'CLUSTER', 'SETSLOT', slot, 'IMPORTING', first);
    await on(0, 'CLUSTER', 'SETSLOT', slot, 'MIGRATING', second);
    await good('fix', seed(), '--yes');
    await good('check', seed());
    expect(await keys()).toBe(KEYS);
  });

  it('works with meet of a node whose address has not changed', async () => {
    await good('meet', seed(), seed(1), '--yes');
  });

  it('works with set-timeout and consistency-test', async () => {
    expect((await run('set-timeout', seed(), '5001')).stdout).toContain('>>> New node timeout set. 0 OK, 6 ERR.'); // they have no file to rewrite
    expect(await on(3, 'CONFIG', 'GET', 'cluster-node-timeout')).toEqual(['cluster-node-timeout', '5001']);
    await good('consistency-test', seed(), '--duration', '1', '--working-set', '10', '--prefix', 'ct:');
  });

  it('works with backup and restore', async () => {
    const total = await keys();
    const { files: saved } = JSON.parse((await good('backup', seed(), join(scratch, 'saved'), '--json')).stdout) as { files: { via: string }[] };
    expect([saved.map(({ via }) => via), readdirSync(join(scratch, 'saved')).length]).toEqual([['sync', 'sync', 'sync'], 4]);
    await using one = await client();
    await one.command(['DEL', 'key:1']);
    await good('restore', join(scratch, 'saved'), seed(), '--replace', '--yes');
    expect(await keys()).toBe(total);
  });

  it('works with add-node as a replica, rolling, failover, replicate and del-node --drain', async () => {
    const before = await keys();
    await good('add-node', spare.address, seed(), '--replica', '--master', seed(0));
    await good('rolling', seed(), '--only-replicas', '--exec', 'true {port}', '--yes');
    await good('failover', spare.address, '--yes');
    await good('replicate', seed(0), '--master', seed(1), '--yes');
    await good('del-node', seed(1), await id(spare), '--drain', '--yes');
    expect(await keys()).toBe(before);
  });

  it('works with reset and forget', async () => {
    await good('reset', spare.address, '--hard', '--yes');
    await good('add-node', spare.address, seed());
    const gone = await id(spare);
    await spare.kill();
    await good('forget', seed(), gone, '--yes');
    await good('check', seed());
  });

  it('works with import from a plain source through this process, and from a TLS source by MIGRATE with AUTH2', async () => {
    const before = await keys();
    const plain = await startNode({ alone: true, args: ['--enable-debug-command', 'yes'] });
    const safe = await startNode({ alone: true, tls: true, args: USERS }, files);
    try {
      await ask(plain, ['DEBUG', 'POPULATE', 200, 'plain', 50]);
      for (let index = 0; index < 20; index++) await ask(safe, ['SET', `safe:${index}`, 'v'], ACCESS);
      const first = await good('import', seed(), '--from', plain.address, '--json');
      expect(JSON.parse(first.stdout)).toMatchObject({ imported: 200, relayed: 200, conflicts: [] });
      const from = ['--from', `rediss://admin:p%20w%25s@${safe.address}`, '--from-cacert', files.ca, '--from-cert', files.cert, '--from-key', files.key];
      const second = await good('import', seed(), ...from, '--json');
      expect(JSON.parse(second.stdout)).toMatchObject({ imported: 20, relayed: 0, conflicts: [] });
      expect(await keys()).toBe(before + 220);
    } finally {
      await Promise.all([plain.stop(), safe.stop()]);
    }
  });

  it('is tested with every subcommand that connects', async () => {
    const connecting = await Promise.all(commands.map(async ({ name, load }) => ((await load()).default.connects ? [name] : [])));
    expect(connecting.flat().filter((name) => !tried.has(name))).toEqual([]);
  });
});
