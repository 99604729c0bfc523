// Every subcommand on one kind of cluster, with real effects: one test each, titled by the subcommand. docs/servers.md is made of
// the results (table.ts). Not here: what each subcommand promises in detail (test/commands).
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { ClusterClient } from '../../src/client/cluster-client.js';
import { readKeyspace } from '../../src/client/databases.js';
import { runHere, type ProgramRun } from '../support/broken-cluster.js';
import { fill, keysInSlots, seeds } from '../support/load.js';
import { describeWithServers, keptPorts, startClusterNodes, startRedis, waitFor, type RedisNode, type RedisNodes } from '../support/redis-server.js';
import { databasesOf, serverBuild, type ServerBuild, type ServerName } from '../support/server-builds.js';

/** One kind of cluster: three masters (0, 1, 2) and their replicas (3, 4, 5) in this order. */
export interface Column {
  readonly title: string;
  /** Server of each of the six nodes; a single name for all. */
  readonly servers: ServerName | readonly ServerName[];
  readonly databases?: number;
  /** Moves from masters 1 to others are refused: the others cannot read what it writes. */
  readonly oneWay?: true;
}

const NODES = 6;
const KEYS = 3000;
const STRAY = 300;
const FAR_DATABASE = 5;

function buildsOf({ servers }: Column): readonly ServerBuild[] {
  return Array.from({ length: NODES }, (_, index) => serverBuild(typeof servers === 'string' ? servers : (servers[index] ?? '')));
}

/** The cluster of a column, the nodes beside it, and what must never be lost. */
class Ground {
  readonly folder = mkdtempSync(join(tmpdir(), 'redis-trib-servers-'));

  constructor(
    readonly nodes: RedisNodes,
    readonly spare: RedisNodes,
    readonly databases: number,
  ) {}

  at(index: number): string {
    return this.nodes.nodes[index]?.address ?? '';
  }

  spareAt(index: number): string {
    return this.spare.nodes[index]?.address ?? '';
  }

  async run(...words: string[]): Promise<ProgramRun> {
    return runHere(words, { cwd: this.folder });
  }

  /** Runs a subcommand that must succeed. */
  async ok(...words: string[]): Promise<ProgramRun> {
    const run = await this.run(...words);
    expect(run.code, `${words.join(' ')}\n${run.stdout}${run.stderr}`).toBe(0);
    return run;
  }

  async ask(node: RedisNode | undefined, ...words: (string | number)[]): Promise<unknown> {
    if (node === undefined) throw new Error('no such node');
    await using link = await node.connect();
    return await link.command(words);
  }

  /** Keys by database over all masters of cluster and spare nodes. */
  async keys(): Promise<Map<number, number>> {
    const sums = new Map<number, number>();
    for (const node of [...this.nodes.nodes, ...this.spare.nodes].filter(({ process }) => process.signalCode === null)) {
      if (!String(await this.ask(node, 'INFO', 'replication')).includes('role:master')) continue;
      const keyspace = readKeyspace(String(await this.ask(node, 'INFO', 'keyspace')));
      for (const [database, keys] of keyspace) sums.set(database, (sums.get(database) ?? 0) + keys);
    }
    return sums;
  }

  /** Every key is there once, with its value, and the cluster is in order. */
  async whole(extra = 0): Promise<void> {
    await waitFor(async () => (await this.run('check', this.at(1), '-o', 'plain')).code === 0, 'the cluster to be in order');
    await using client = await ClusterClient.connect(seeds(this.nodes));
    const values = await Promise.all(Array.from({ length: KEYS }, (_, index) => client.command(['GET', `key:${index}`], { repeatable: true })));
    expect(values.filter((value, index) => value !== `value ${index}`)).toEqual([]);
    const keys = await this.keys();
    expect(keys.get(0)).toBe(KEYS + extra);
    if (this.databases > 1) expect(keys.get(FAR_DATABASE)).toBe(STRAY);
  }

  async fill(): Promise<void> {
    await fill(this.nodes, Array.from({ length: KEYS }, (_, index) => ['SET', `key:${index}`, `value ${index}`]));
    if (this.databases === 1) return;
    for (const node of this.nodes.nodes.slice(0, 3)) {
      await using link = await node.connect();
      await link.command(['SELECT', FAR_DATABASE]);
      // Each master takes those of its slots and refuses the others.
      await link.pipeline(Array.from({ length: STRAY }, (_, index) => ['SET', `far:${index}`, index]));
    }
  }

  async stop(): Promise<void> {
    await Promise.all([this.nodes.stop(), this.spare.stop()]);
    rmSync(this.folder, { recursive: true, force: true });
  }
}

/** Runs a column. Tests depend on the order: the cluster goes from one to the next. */
export function describeColumn(column: Column): void {
  const builds = buildsOf(column);
  describeWithServers([...new Set(builds.map(({ name }) => name))], column.title, () => {
    let ground: Ground;
    beforeAll(async () => {
      const databases = Math.min(...builds.map((build) => databasesOf(build, column.databases ?? 1)));
      const extraArgs = ['--cluster-node-timeout', '2000'];
      const [nodes, spare] = await Promise.all([
        startClusterNodes(NODES, extraArgs, { build: (index) => builds[index] ?? serverBuild('redis-7.0'), databases }),
        startClusterNodes(2, extraArgs, { build: builds[1] ?? serverBuild('redis-7.0'), databases }),
      ]);
      ground = new Ground(nodes, spare, databases);
    });
    afterAll(() => ground.stop());
    makeAndLook(() => ground);
    moveSlots(() => ground, column);
    changeNodes(() => ground);
    besideTheCluster(() => ground, builds);
  });
}

function makeAndLook(g: () => Ground): void {
  it('create', async () => {
    const at = (index: number): string => g().at(index);
    const pairs = [3, 4, 5].map((index) => `${at(index)}=${at(index - 3)}`).join(',');
    await g().ok('create', ...[0, 1, 2, 3, 4, 5].map(at), '--replica-of', pairs, '--wait', '--yes');
    await g().fill();
    await g().whole();
  });
  it('check', async () => {
    expect((await g().ok('check', g().at(0), '-o', 'plain')).stdout).toContain('[OK] All 16384 slots covered.');
    expect((await g().ok('check', g().at(0), '--search-multiple-owners', '-o', 'plain')).stdout).toContain('[OK] All 16384 slots covered.');
  });
  it('info', async () => {
    const { keys } = JSON.parse((await g().ok('info', g().at(0), '--json')).stdout) as { keys: number };
    expect(keys).toBe([...(await g().keys()).values()].reduce((sum, count) => sum + count, 0));
  });
  it('nodes', async () => expect((JSON.parse((await g().ok('nodes', g().at(4), '--json')).stdout) as { nodes: unknown[] }).nodes).toHaveLength(NODES));
  it('slots', async () => expect((await g().ok('slots', g().at(0), 'foo')).stdout).toContain('12182'));
  it('call', async () => expect((await g().ok('call', g().at(0), 'PING')).stdout.match(/PONG/g)).toHaveLength(NODES));
  it('set-timeout', async () => {
    await g().run('set-timeout', g().at(0), '2500'); // exit 1: the nodes have no configuration file to keep it in
    for (const node of g().nodes.nodes) expect(await g().ask(node, 'CONFIG', 'GET', 'cluster-node-timeout')).toEqual(['cluster-node-timeout', '2500']);
  });
  it('consistency-test', async () => expect((await g().ok('consistency-test', g().at(0), '--duration', '1', '--json', '--yes')).stdout).toContain('"lost": 0'));
}

function moveSlots(g: () => Ground, { oneWay }: Column): void {
  const clean = async (): Promise<number> => ((await g().keys()).get(0) ?? 0) - KEYS; // keys of the consistency test that stayed
  it('reshard', async () => {
    const extra = await clean();
    await g().ok('reshard', g().at(0), '--from', g().at(0), '--to', g().at(1), '--slots', '0-199', '--yes');
    await g().whole(extra);
    if (oneWay !== true) return;
    const refused = await g().run('reshard', g().at(0), '--from', g().at(1), '--to', g().at(0), '--slots', '0-199', '--yes');
    expect(refused.code).toBe(1);
    await g().whole(extra); // no slot was opened
  });
  it('apply', async () => {
    const extra = await clean();
    await g().ok('reshard', g().at(0), '--from', g().at(2), '--to', g().at(1), '--slots', '100', '--plan-out', 'plan.json', '--dry-run');
    await g().ok('apply', 'plan.json', '--yes');
    await g().whole(extra);
  });
  it('rebalance', async () => {
    const extra = await clean();
    const run = await g().run('rebalance', g().at(0), '--threshold', '1', '--yes');
    expect(run.code, run.stdout + run.stderr).toBe(oneWay === true ? 1 : 0);
    await g().whole(extra);
  });
  it('fix', async () => {
    const extra = await clean();
    const [source, target] = g().nodes.nodes;
    const slot = Number(/ (\d+)-\d+/.exec(String(await g().ask(source, 'CLUSTER', 'NODES')).split('\n').find((line) => line.includes('myself')) ?? '')?.[1]);
    const [sourceId, targetId] = await Promise.all([g().ask(source, 'CLUSTER', 'MYID'), g().ask(target, 'CLUSTER', 'MYID')]);
    await g().ask(target, 'CLUSTER', 'SETSLOT', slot, 'IMPORTING', String(sourceId));
    await g().ask(source, 'CLUSTER', 'SETSLOT', slot, 'MIGRATING', String(targetId));
    const [key = ''] = keysInSlots(slot, slot, 1);
    await g().ask(source, 'MIGRATE', '127.0.0.1', target?.port ?? 0, key, 0, 5000);
    expect(await g().run('check', g().at(0))).toMatchObject({ code: 1 });
    await g().ok('fix', g().at(0), '--yes');
    await g().whole(extra);
  });
}

function changeNodes(g: () => Ground): void {
  const id = async (index: number): Promise<string> => String(await g().ask(g().spare.nodes[index], 'CLUSTER', 'MYID'));
  it('add-node', async () => {
    await g().ok('add-node', g().spareAt(0), g().at(0));
    await g().ok('add-node', g().spareAt(1), g().at(0), '--replica', '--master', g().at(1));
    expect((JSON.parse((await g().ok('nodes', g().at(4), '--json')).stdout) as { nodes: unknown[] }).nodes).toHaveLength(NODES + 2);
  });
  it('del-node', async () => {
    const extra = ((await g().keys()).get(0) ?? 0) - KEYS;
    await g().ok('reshard', g().at(0), '--from', g().at(1), '--to', await id(0), '--slots', '50', '--yes');
    await g().ok('del-node', g().at(0), await id(1), '--yes');
    await g().ok('del-node', g().at(0), await id(0), '--drain', '--to', g().at(1), '--yes');
    await g().whole(extra);
  });
  it('replicate', async () => {
    await g().ok('add-node', g().spareAt(0), g().at(0));
    await g().ok('replicate', g().spareAt(0), '--master', g().at(1), '--yes');
    expect(String(await g().ask(g().spare.nodes[0], 'INFO', 'replication'))).toContain('master_link_status:up');
  });
  it('failover', async () => {
    const extra = ((await g().keys()).get(0) ?? 0) - KEYS;
    await g().ok('failover', g().at(4), '--yes');
    await waitFor(async () => String(await g().ask(g().nodes.nodes[1], 'INFO', 'replication')).includes('master_link_status:up'), 'the old master to follow');
    await g().ok('failover', g().at(1), '--yes');
    await waitFor(async () => String(await g().ask(g().nodes.nodes[4], 'INFO', 'replication')).includes('master_link_status:up'), 'the old master to follow');
    await g().whole(extra);
  });
  it('rolling', async () => {
    const run = await g().ok('rolling', g().at(0), '--only-replicas', '--exec', 'echo {port}', '--yes');
    expect(run.stdout + run.stderr).toContain('replica');
  });
  it('forget', async () => {
    const gone = await id(0);
    await g().spare.nodes[0]?.kill();
    await waitFor(async () => new RegExp(`^${gone} .*fail[ ,]`, 'm').test(String(await g().ask(g().nodes.nodes[0], 'CLUSTER', 'NODES'))), 'the node to be called failed');
    await g().ok('forget', g().at(0), '--failed', '--yes');
    for (const node of g().nodes.nodes) expect(String(await g().ask(node, 'CLUSTER', 'NODES'))).not.toContain(gone);
  });
  it('reset', async () => {
    const before = await id(1);
    await g().ok('reset', g().spareAt(1), '--hard', '--yes');
    expect(await id(1)).not.toBe(before);
  });
}

/** Files that are made from the cluster, and data that comes from elsewhere. */
function besideTheCluster(g: () => Ground, builds: readonly ServerBuild[]): void {
  it('backup', async () => {
    const { files } = JSON.parse((await g().ok('backup', g().at(0), 'saved', '--json')).stdout) as { files: readonly { file: string; node: { host: string; port: number } }[] };
    const sums = new Map<number, number>();
    for (const { file, node } of files) {
      const index = g().nodes.nodes.findIndex(({ port }) => port === node.port);
      await using server = await startRedis(['--dir', join(g().folder, 'saved'), '--dbfilename', file.slice(file.lastIndexOf('/') + 1)], [builds[index]?.server ?? '']);
      for (const [database, keys] of readKeyspace(String(await g().ask(server, 'INFO', 'keyspace')))) sums.set(database, (sums.get(database) ?? 0) + keys);
    }
    expect(sums).toEqual(await g().keys());
  });
  it('rdb', async () => {
    const sums = new Map<number, number>();
    for (const file of readdirSync(join(g().folder, 'saved')).filter((name) => name.endsWith('.rdb'))) {
      const { databases } = JSON.parse((await g().ok('rdb', join('saved', file), '--json')).stdout) as { databases: readonly { database: number; keys: number }[] };
      for (const { database, keys } of databases) sums.set(database, (sums.get(database) ?? 0) + keys);
    }
    expect(sums).toEqual(await g().keys());
  });
  it('restore', async () => {
    const before = await g().keys();
    await g().ok('restore', 'saved', g().at(0), '--replace', '--yes');
    expect(await g().keys()).toEqual(before);
  });
  it('import', async () => {
    const extra = ((await g().keys()).get(0) ?? 0) - KEYS;
    await using source = await startRedis([], [builds[0]?.server ?? '']);
    await using link = await source.connect();
    await link.pipeline(Array.from({ length: 400 }, (_, index) => ['SET', `imported:${index}`, index]));
    await g().ok('import', g().at(0), '--from', source.address, '--copy', '--yes');
    await g().whole(extra + 400);
  });
  it('local', async () => {
    const port = String(await keptPorts(6));
    await g().ok('local', 'up', '--server', builds[0]?.server ?? '', '--port', port, '--yes');
    try {
      expect((await g().ok('check', `127.0.0.1:${port}`, '-o', 'plain')).stdout).toContain('[OK] All 16384 slots covered.');
    } finally {
      await g().ok('local', 'clean', '--yes');
    }
  });
}
