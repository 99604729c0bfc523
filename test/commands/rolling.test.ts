// rolling and failover --preferred as processes on three masters with a replica each: every node is restarted, no write is
// lost, the former masters are masters again; the first failure stops it, and the printed command continues.
import { documentOf } from '../support/json-shape.js';
import { mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import { Connection } from '../../src/client/connection.js';
import { ClusterClient } from '../../src/client/cluster-client.js';
import { finished, openTerminal, runCli, startCli, type CliResult, type Terminal } from '../support/cli.js';
import { describeWithRedis, startRedisCluster, waitFor, watch, type RedisNodes } from '../support/redis-server.js';

const KEYS = 300;

describeWithRedis('rolling restarts', () => {
  let cluster: RedisNodes;
  let folder: string;
  let terminal: Terminal | undefined;
  const at = (index: number): string => cluster.nodes[index]?.address ?? '';
  const ids: string[] = [];
  /** Restarts a node as `systemctl restart` would, and records it in a file. */
  const restart = (): string => `sh ${folder}/restart {host} {port} {role}`;

  beforeAll(async () => {
    cluster = await startRedisCluster(3, { replicas: 1, extraArgs: ['--cluster-node-timeout', '1500'] });
    folder = mkdtempSync(join(tmpdir(), 'redis-trib-rolling-'));
    mkdirSync(join(folder, 'nodes'));
    for (const node of cluster.nodes) {
      symlinkSync(node.dir, join(folder, 'nodes', String(node.port)));
      await using link = await node.connect();
      ids.push(String(await link.command(['CLUSTER', 'MYID'])));
    }
    writeFileSync(
      join(folder, 'restart'),
      [
        `echo "$2 $3" >> ${folder}/turns`,
        `[ ! -e ${folder}/fail-$2 ] || { echo "refusing $2"; exit 3; }`,
        'redis-cli -h $1 -p $2 shutdown nosave',
        `while redis-cli -h $1 -p $2 ping >/dev/null 2>&1; do :; done`,
        `redis-server --port $2 --bind $1 --dir ${folder}/nodes/$2 --save "" --cluster-enabled yes --cluster-node-timeout 1500 --repl-diskless-sync-delay 0 --daemonize yes --pidfile ${folder}/nodes/$2/pid >/dev/null`,
      ].join('\n'),
    );
    await withClient(async (client) => {
      for (let index = 0; index < KEYS; index++) await client.command(['SET', `key:${index}`, String(index)]);
    });
  });
  afterEach(() => {
    terminal?.kill();
    terminal = undefined;
    for (const name of readdirSync(folder)) if (/^(turns|fail-.*|masters)$/.test(name)) rmSync(join(folder, name));
  });
  afterAll(async () => {
    for (const node of cluster.nodes) {
      const link = await Connection.connect({ host: node.host, port: node.port }).catch(() => undefined);
      await link?.command(['SHUTDOWN', 'NOSAVE']).catch(() => undefined);
    }
    await cluster.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  const withClient = async <T>(work: (client: ClusterClient) => Promise<T>): Promise<T> => {
    const client = await ClusterClient.connect(cluster.nodes);
    try {
      return await work(client);
    } finally {
      client.close();
    }
  };
  /** Restarted servers are not children of this process, which must end them. */
  const adopt = (): void => {
    for (const node of cluster.nodes) {
      try {
        watch(Number(readFileSync(join(node.dir, 'pid'), 'utf8')), node.dir);
      } catch {
        continue; // never restarted
      }
    }
  };
  const say = async (index: number, ...words: string[]): Promise<unknown> => {
    await using link = await cluster.nodes[index]!.connect();
    return await link.command(words);
  };
  const roles = (): Promise<string[]> => Promise.all(cluster.nodes.map(async (_, index) => String(((await say(index, 'ROLE')) as unknown[])[0])));
  const turns = (): string[] => readFileSync(join(folder, 'turns'), 'utf8').trim().split('\n');
  const run = async (...args: string[]): Promise<CliResult> => {
    const done = await runCli(['rolling', at(0), ...args], { cwd: folder });
    adopt();
    return done;
  };

  it('--dry-run shows the order and the commands, and restarts no node', async () => {
    const dry = await run('--exec', restart(), '--failback', '--dry-run');
    expect(dry).toMatchObject({ code: 0, stderr: 'Dry run: nothing was changed.\n' });
    const lines = dry.stdout.trim().split('\n');
    expect(lines).toHaveLength(1 + 12 + 1);
    expect(lines.filter((line) => line.endsWith(', a replica'))).toHaveLength(3);
    expect(lines[8]).toMatch(/^ {7}sh .*restart 127\.0\.0\.1 \d+ replica$/);
    expect(dry.stdout).toMatch(new RegExp(`^  [4-6]\\. ${at(0)}, a master of 5,461 slots, after a failover to ${at(3)}$`, 'm'));
    const json = documentOf<{ plan: { turns: { host: string; port: number; successors: { id: string; host: string; port: number }[] }[] } }>((await run('--only-masters', '--dry-run', '--json')).stdout);
    expect(json).toMatchObject({ schema: 2, applied: false, plan: { kind: 'rolling', turns: [{ role: 'master' }, { role: 'master' }, { role: 'master' }] } });
    expect(json.plan.turns.find(({ host, port }) => `${host}:${port}` === at(1))?.successors).toEqual([{ id: ids[4], host: '127.0.0.1', port: Number(at(4).split(':')[1]) }]);
    expect(() => turns()).toThrow('ENOENT');
  });

  it('restarts replicas first, then masters as replicas, under writes; then restores the masters', async () => {
    const child = startCli(['rolling', at(0), '--exec', restart(), '--expect-restart', '--failback', '--yes']);
    child.stdin?.end();
    const end = finished(child);
    let over = false;
    void end.then(() => (over = true));
    const written = await withClient(async (client) => {
      const acknowledged: string[] = [];
      for (let count = 0; !over; count++) {
        const reply = await client.command(['SET', `written:${count}`, 'x']).catch(() => undefined);
        if (reply === 'OK') acknowledged.push(`written:${count}`);
        await new Promise((resolve) => setTimeout(resolve, 5)); // a client, not a load
      }
      return acknowledged;
    });
    const done = await end;
    adopt();
    expect(done, done.stdout + done.stderr).toMatchObject({ code: 0 });
    expect(written.length).toBeGreaterThan(100);
    expect(turns().map((line) => line.split(' ')[1])).toEqual(Array<string>(6).fill('replica'));
    expect(turns().slice(0, 3).map((line) => line.split(' ')[0]).sort()).toEqual([3, 4, 5].map((index) => String(cluster.nodes[index]!.port)).sort());
    expect(done.stdout.match(/^\[OK\] .* was restarted, and the cluster is complete \([\d.]+ s\)$/gm)).toHaveLength(6);
    expect(done.stdout.match(/^>>> Node \d\/6: \S+ \(replica\)$/gm)).toHaveLength(6);
    expect(done.stdout.match(/^>>> \S+ takes the place of \S+$/gm)).toHaveLength(6);
    expect(done.stdout).toMatch(/\n\[OK\] All 6 nodes are done; the cluster is complete\.\n$/);
    expect(await roles()).toEqual(['master', 'master', 'master', 'slave', 'slave', 'slave']);
    await withClient(async (client) => {
      for (let index = 0; index < KEYS; index++) expect(await client.command(['GET', `key:${index}`])).toBe(String(index));
      for (const key of written) expect([key, await client.command(['EXISTS', key])]).toEqual([key, 1]);
    });
  }, 180_000);

  it('stops at the first failure with the command that continues with the remaining nodes', async () => {
    const chosen = [ids[3]!, ids[4]!, ids[1]!];
    writeFileSync(join(folder, `fail-${cluster.nodes[4]!.port}`), '');
    const failed = await run('--exec', restart(), '--nodes', chosen.join(','), '--failback', '--wait', '90', '--yes');
    expect(failed).toMatchObject({ code: 1 });
    expect(failed.stderr).toContain(`refusing ${cluster.nodes[4]!.port}\n`);
    expect(failed.stderr).toContain(`error: The command for ${at(4)} ended with exit code 3: sh `);
    expect(failed.stderr).toContain('(1 of 3 nodes are done)');
    const [, next = ''] = /^try: (.*)$/m.exec(failed.stderr) ?? [];
    const masters = [0, 1, 2].map((index) => ids[index]!);
    expect(next).toMatch(new RegExp(`^redis-trib rolling ${at(0)} --nodes ${ids[4]},${ids[1]} --exec 'sh .*' --preferred \\S+ --wait 90 --yes$`));
    expect(/--preferred (\S+)/.exec(next)?.[1]?.split(',').sort()).toEqual([...masters].sort());
    rmSync(join(folder, `fail-${cluster.nodes[4]!.port}`));
    rmSync(join(folder, 'turns'));
    const words = next.match(/'[^']*'|\S+/g)!.map((word) => word.replaceAll("'", ''));
    const rest = await runCli(words.slice(1));
    adopt();
    expect(rest, rest.stdout + rest.stderr).toMatchObject({ code: 0 });
    expect(turns()).toEqual([`${cluster.nodes[4]!.port} replica`, `${cluster.nodes[1]!.port} replica`]);
    expect(await roles()).toEqual(['master', 'master', 'master', 'slave', 'slave', 'slave']);
  }, 180_000);

  it('reports changed masters, and failover --preferred with a list restores them', async () => {
    const json = documentOf<object>((await run('--exec', 'echo {port} {role}', '--nodes', at(2), '--yes', '--json')).stdout, 'plan');
    expect(json).toMatchObject({ applied: true, moved: [ids[2]], nodes: [{ host: '127.0.0.1', port: Number(at(2).split(':')[1]), role: 'master', successor: { id: ids[5], host: '127.0.0.1', port: Number(at(5).split(':')[1]) }, outcome: 'done', restarted: false }] });
    expect(await roles()).toEqual(['master', 'master', 'slave', 'slave', 'slave', 'master']);
    writeFileSync(join(folder, 'masters'), `# ours\n${ids[0]} ${at(1)}\n${ids[2]!.slice(0, 12)} # the third\n`);
    const dry = await runCli(['failover', at(0), '--preferred', '@masters', '--dry-run'], { cwd: folder });
    expect(dry).toMatchObject({ code: 0, stdout: `What will be done:\n  1. promote ${at(2)} in place of ${at(5)}, without losing a write\n` });
    const back = await runCli(['failover', at(0), '--preferred', '@masters', '--yes'], { cwd: folder });
    expect(back, back.stderr).toMatchObject({ code: 0 });
    expect(back.stdout).toMatch(new RegExp(`>>> Sending CLUSTER FAILOVER to ${at(2)}\n\\[OK\\] ${at(2)}: masters now. All reachable nodes agree`));
    expect(await roles()).toEqual(['master', 'master', 'master', 'slave', 'slave', 'slave']);
    const again = await runCli(['failover', at(0), '--preferred', '@masters', '--yes'], { cwd: folder });
    expect(again).toMatchObject({ code: 0, stdout: '[OK] All 3 masters are already in place.\n' });
    expect(await runCli(['failover', at(0), '--spread', '--yes'])).toMatchObject({ code: 0, stdout: '[OK] All 3 masters are already in place.\n' }); // one host
    expect(await runCli(['failover', at(0), '--spread', '--force'])).toMatchObject({ code: 2 });
  }, 120_000);

  it.each([
    ['no terminal and no --exec', [], 'add --exec COMMAND', 2],
    ['no --yes', ['--exec', 'echo {port}'], 'add --yes', 2],
    ['a command without placeholder', ['--exec', 'reboot', '--yes'], '--exec contains no placeholder', 2],
    ['--only-masters with --only-replicas', ['--only-masters', '--only-replicas'], 'exclude each other', 2],
    ['--failback with --preferred', ['--failback', '--preferred', 'a'], 'exclude each other', 2],
    ['a list that does not exist', ['--nodes', '@nowhere', '--exec', 'echo {port}', '--yes'], 'nowhere cannot be read: ENOENT', 2],
    ['an unknown node', ['--nodes', 'ffff', '--exec', 'echo {port}', '--yes'], 'No such node ffff', 1],
    ['a selection without nodes', ['--nodes', 'AT0', '--only-replicas', '--exec', 'echo {port}', '--yes'], 'is not a replica', 1],
    ['two preferred nodes of one shard', ['--preferred', 'AT0,AT3', '--exec', 'echo {port}', '--yes'], 'belong to the same shard: only one of them can be its master', 2],
  ])('refuses %s before anything happens', async (_, args, text, code) => {
    const refused = await run(...args.map((word) => word.replace(/AT(\d)/g, (__, index: string) => at(Number(index)))));
    expect(refused).toMatchObject({ code, stderr: expect.stringContaining(text) as string });
    expect(refused.stderr).toMatch(/^try: /m);
    expect(await roles()).toEqual(['master', 'master', 'master', 'slave', 'slave', 'slave']);
  });

  it('ends when a node is not restarted within --wait', async () => {
    const stuck = await run('--exec', 'echo {port}', '--nodes', at(3), '--expect-restart', '--wait', '2', '--yes');
    expect(stuck).toMatchObject({ code: 1 });
    expect(stuck.stderr).toContain(`error: The cluster is not complete after 2 s: ${at(3)} has not been restarted (1 of 1 node is done)`);
    expect(stuck.stderr).toContain(`try: redis-trib check ${at(0)}\n`);
  });

  it('ends a running command at Ctrl-C, and prints the command that continues', async () => {
    const child = startCli(['rolling', at(0), '--exec', `echo {port} >> ${folder}/turns; exec sleep 60`, '--nodes', at(3), '--yes']);
    child.stdin?.end();
    const end = finished(child);
    await waitFor(() => readdirSync(folder).includes('turns'), 'the command to run');
    child.kill('SIGINT');
    const stopped = await end;
    expect(stopped).toMatchObject({ code: 130 });
    expect(stopped.stderr).toContain('stopped: 0 of 1 node is done');
    expect(stopped.stderr).toContain(`try: redis-trib rolling ${at(0)} --nodes ${ids[3]} --exec 'echo {port}`);
  });

  it('waits for Enter at a terminal, skips on request, and stops on request', async () => {
    terminal = openTerminal(['rolling', at(0), '--only-replicas']);
    await terminal.waitFor("Start with these 3 nodes, one at a time? (type 'yes' to accept):");
    terminal.type('yes\r');
    await terminal.waitFor(/1\/3 \S+ \(replica\)/);
    await terminal.waitFor("now, then press Enter ('skip' leaves it out, 'stop' ends the run):");
    terminal.type('\r');
    await terminal.waitFor('is reachable, not restarted, and the cluster is complete');
    await terminal.waitFor('now, then press Enter');
    terminal.type('skip\r');
    await terminal.waitFor('skipped');
    await terminal.waitFor('now, then press Enter');
    terminal.type('stop\r');
    expect(await terminal.exit).toBe(4);
    expect(terminal.screen()).toContain('stopped: 2 of 3 nodes are done');
    expect(terminal.screen()).toMatch(new RegExp(`try: redis-trib rolling ${at(0)} --nodes [0-9a-f]{40}`));
  });

  it.each([
    ['no', 'no\r', 4],
    ['Ctrl-C', '\u0003', 130],
    ['the end of input', '\u0004', 130],
  ])('changes nothing after %s to the first question at a terminal, and prints how to continue after it to the second', async (_, keys, code) => {
    terminal = openTerminal(['rolling', at(0), '--nodes', at(3)]);
    await terminal.waitFor('Start with this node?');
    terminal.type(keys);
    expect(await terminal.exit).toBe(code);
    expect(terminal.screen()).toContain('nothing was changed');
    terminal = openTerminal(['rolling', at(0), '--nodes', at(3), '--yes']);
    await terminal.waitFor('now, then press Enter');
    terminal.type(keys);
    expect(await terminal.exit).toBe(code);
    expect(terminal.screen()).toContain('stopped: 0 of 1 node is done');
    expect(terminal.screen()).toMatch(new RegExp(`try: redis-trib rolling ${at(0)} --nodes ${ids[3]}`));
  });

  it('stops no node while another is down: exit 1, with its name', async () => {
    await say(5, 'SHUTDOWN', 'NOSAVE').catch(() => undefined);
    for (const more of [[], ['--dry-run']]) {
      const refused = await run('--exec', 'echo {port}', '--yes', ...more);
      expect(refused).toMatchObject({ code: 1 });
      expect(refused.stderr).toMatch(new RegExp(`${at(5)} cannot be reached \\(.*\\): no other node may be stopped now\ntry: start it again, or make the others forget it: redis-trib forget ${at(0)} ${ids[5]}\n$`));
    }
    expect(() => turns()).toThrow('ENOENT');
  });
});
