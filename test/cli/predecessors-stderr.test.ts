// Callers of the predecessors that take any byte on stderr for a failure: Tcl's exec, Node's execFile with a check, sh. In their
// spelling a success says nothing there, also with answers on stdin; and redis-trib.rb's del-node ends the server.
import { execFile, spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { CLI, cleanEnv, finished, runCli, type CliResult } from '../support/cli.js';
import { fill, keysInSlots } from '../support/load.js';
import { describeWithRedis, startClusterNodes, startRedisCluster, waitFor, type RedisNode, type RedisNodes } from '../support/redis-server.js';

const hasTcl = spawnSync('tclsh', [], { input: 'exit 0' }).status === 0;
if (!hasTcl) process.stderr.write("left out: answers from Tcl's exec (needs tclsh: apt-get install tcl)\n");

const CALLERS = {
  sh: (answers: string, words: readonly string[]): Promise<CliResult> =>
    finished(spawn('sh', ['-c', `${answers} | "$@"`, 'sh', process.execPath, CLI, ...words], { env: cleanEnv(), stdio: ['ignore', 'pipe', 'pipe'] })),
  /** Fails when anything comes on stderr, whatever the exit code. */
  tcl: (answers: string, words: readonly string[]): Promise<CliResult> =>
    finished(spawn('tclsh', ['-'], { env: cleanEnv(), stdio: ['pipe', 'pipe', 'pipe'] })
      .once('spawn', function (this: { stdin: NodeJS.WritableStream }) {
        this.stdin.end(`puts [exec sh -c {${answers} | "$@"} sh {${process.execPath}} {${CLI}} ${words.map((word) => `{${word}}`).join(' ')}]\n`);
      })),
  node: (answers: string, words: readonly string[]): Promise<CliResult> =>
    new Promise((resolve) => {
      const child = execFile(process.execPath, [CLI, ...words], { env: cleanEnv() }, (error, stdout, stderr) => resolve({ code: error === null ? 0 : 1, stdout, stderr }));
      const writer = spawn('sh', ['-c', `exec ${answers}`], { stdio: ['ignore', 'pipe', 'ignore'] });
      const stop = (): void => {
        writer.kill();
        writer.stdout.destroy();
      };
      child.stdin?.on('error', stop); // the reader is through
      if (child.stdin !== null) writer.stdout.pipe(child.stdin);
      child.once('exit', stop);
    }),
} as const;

describeWithRedis('callers that treat stderr as a failure', () => {
  const callers = (Object.keys(CALLERS) as (keyof typeof CALLERS)[]).filter((name) => name !== 'tcl' || hasTcl);

  describe.each(callers)('%s', (name) => {
    let cluster: RedisNodes;
    let empty: RedisNodes;
    beforeAll(async () => {
      [cluster, empty] = await Promise.all([startRedisCluster(3), startClusterNodes(4)]);
      await fill(cluster, keysInSlots(0, 500, 300).map((key) => ['SET', key, key]));
    });
    afterAll(() => Promise.all([cluster.stop(), empty.stop()]));

    const at = (index: number): string => cluster.nodes[index]?.address ?? '';
    const id = async (node: RedisNode | undefined): Promise<string> => {
      if (node === undefined) throw new Error('no such node');
      await using link = await node.connect();
      return String(await link.command(['CLUSTER', 'MYID']));
    };
    const silent = async (...words: string[]): Promise<string> => {
      const run = await CALLERS[name]('yes', ['--cluster', ...words]);
      expect(run, `${words.join(' ')}\n${run.stdout}`).toMatchObject({ code: 0, stderr: '' });
      return run.stdout;
    };

    it('create, reshard, rebalance, fix and the other commands write nothing to stderr when they succeed', async () => {
      expect(await silent('create', ...empty.nodes.slice(0, 3).map(({ address }) => address))).toContain('[OK] All 16384 slots covered.');
      await silent('reshard', at(0), '--cluster-from', await id(cluster.nodes[0]), '--cluster-to', await id(cluster.nodes[1]), '--cluster-slots', '200');
      await silent('rebalance', at(0));
      await using link = await cluster.nodes[0]!.connect();
      await link.command(['CLUSTER', 'SETSLOT', 5000, 'MIGRATING', await id(cluster.nodes[1])]);
      await silent('fix', at(0));
      await silent('check', at(0));
      await silent('info', at(0));
      const added = empty.nodes[3];
      await silent('add-node', added?.address ?? '', at(0));
      await silent('del-node', at(0), await id(added));
      await silent('call', at(0), 'ping');
    });
  });

  it('del-node called as redis-trib.rb writes nothing to stderr and shuts the removed server down', async () => {
    const dir = mkdtempSync(join(tmpdir(), 'redis-trib-rb-'));
    const link = join(dir, 'redis-trib.rb');
    symlinkSync(CLI, link);
    writeFileSync(join(dir, 'empty'), '');
    await using cluster = await startRedisCluster(4, { slots: [[0, 5460], [5461, 10922], [10923, 16383], null] });
    const node = cluster.nodes[3] as RedisNode;
    await using admin = await node.connect();
    const run = await runCli(['del-node', cluster.seed, String(await admin.command(['CLUSTER', 'MYID']))], { program: link });
    expect(run).toMatchObject({ code: 0, stderr: '' });
    expect(run.stdout).toContain('>>> SHUTDOWN the node.');
    await waitFor(() => node.process.exitCode === 0, 'the server to end');
    rmSync(dir, { recursive: true, force: true });
  });
});
