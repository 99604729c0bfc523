// Subcommands on servers that move slots themselves (cli.md 6): the built CLI as a process, on real nodes behind proxies that
// implement the commands of Redis 8.4 and Valkey 9.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import { openCluster } from '../../src/apply/open-cluster.js';
import { SlotSet } from '../../src/cluster/slot-set.js';
import { keySlot } from '../../src/cluster/slots.js';
import { startAtomicCluster, type AtomicCluster } from '../support/atomic-cluster.js';
import { finished, openTerminal, runCli, startCli } from '../support/cli.js';
import { fill, keysInSlots, totalKeys } from '../support/load.js';
import { describeWithRedis, describeWithServers, startRedisCluster, waitFor } from '../support/redis-server.js';
import { serverBuild } from '../support/server-builds.js';

const KEYS = 600;

for (const design of ['redis', 'valkey'] as const) {
  describeWithRedis(`commands on servers that move slots themselves, as ${design} does`, () => {
    let cluster: AtomicCluster;
    let folder: string;
    const at = (index: number): string => cluster.fronts[index]?.address ?? '';
    const words = (from: number, to: number, slots: string): string[] => ['reshard', at(0), '--from', at(from), '--to', at(to), '--slots', slots, '--yes'];

    beforeAll(async () => {
      cluster = await startAtomicCluster(3, { design, slots: [[0, 8099], [8100, 16_199], [16_200, 16_383]], extraArgs: ['--cluster-allow-replica-migration', 'no'] });
      cluster.behaviour.stepMs = 5;
      folder = mkdtempSync(join(tmpdir(), 'redis-trib-atomic-'));
      await fill(cluster, keysInSlots(0, 299, KEYS).map((key) => ['SET', key, key]));
    });
    afterAll(async () => {
      rmSync(folder, { recursive: true, force: true });
      await cluster.stop();
    });
    afterEach(async () => {
      Object.assign(cluster.behaviour, { hold: undefined, fail: undefined });
      await waitFor(() => cluster.jobs.every(({ done }) => done), 'all jobs to end');
      await using opened = await openCluster(cluster.seed);
      await opened.waitForAgreement();
      await opened.refresh();
      expect(await opened.check({ searchMultipleOwners: true })).toMatchObject({ ok: true, openSlots: [] });
      expect(await totalKeys(cluster)).toBe(KEYS);
      expect(cluster.meddled).toEqual([]);
    });

    const has = async (index: number, slots: string): Promise<number> => {
      await using opened = await openCluster(cluster.seed);
      return opened.view.node(cluster.fronts[index]?.id ?? '')?.slots.intersection(SlotSet.parse(slots)).size ?? 0;
    };

    it('reshard in valkey-cli\'s form prints the job and a line per slot', async () => {
      const run = await runCli(['--cluster', 'reshard', at(0), '--cluster-from', cluster.fronts[0]?.id ?? '', '--cluster-to', cluster.fronts[1]?.id ?? '', '--cluster-slots', '3', '--cluster-yes', '--cluster-use-atomic-slot-migration']);
      expect(run, run.stderr).toMatchObject({ code: 0 });
      const job = cluster.jobs.at(-1);
      expect(run.stdout).toContain(`\nMoving 3 slots from ${at(0)} to ${at(1)}\nWaiting for migration task ${job?.id ?? '?'} to complete `);
      const moved = [...run.stdout.matchAll(/^Moving slot (\d+) from \S+ to \S+: (\.*)$/gm)];
      expect(moved.map(([, slot]) => slot)).toEqual(['0', '1', '2']);
      expect(moved.reduce((sum, [, , dots]) => sum + (dots?.length ?? 0), 0)).toBe(keysInSlots(0, 299, KEYS).filter((key) => keySlot(key) < 3).length);
      expect(run.stderr).toBe(''); // a success of the predecessors' spelling
    });

    it('reshard reports the pause of writes with --json, and the state of the job at a terminal', async () => {
      const run = await runCli([...words(0, 1, '3-9'), '--json']);
      expect(run, run.stderr).toMatchObject({ code: 0 });
      const { stats } = JSON.parse(run.stdout) as { stats: { slots: number; bytes: number; writePauseMs?: number } };
      expect(stats).toMatchObject({ slots: 7, bytes: 0 });
      expect(typeof stats.writePauseMs).toBe(design === 'redis' ? 'number' : 'undefined');
      cluster.behaviour.stepMs = 30; // long enough to be drawn
      const shown = openTerminal(words(0, 1, '10-19'), {});
      await shown.waitFor(/Moving slots: 0\/10 slots \(0%\), \d+ keys; 10 slots from \S+ to \S+: [a-z-]+/);
      expect(await shown.exit).toBe(0);
      cluster.behaviour.stepMs = 5;
      expect(shown.screen()).toMatch(/Moved 10 slots with \d+ keys in/);
    });

    it('rebalance moves by jobs, to both other masters in parallel', async () => {
      const before = cluster.jobs.length;
      const run = await runCli(['rebalance', at(0), '--weight', `${at(0)}=1,${at(1)}=1,${at(2)}=0`, '--threshold', '0.1']);
      expect(run, run.stderr).toMatchObject({ code: 0 });
      expect(new Set(cluster.jobs.slice(before).map(({ target }) => target)).size).toBe(2);
      expect(await has(2, '0-16383')).toBe(0);
    });

    it('reshard cancels its jobs at Ctrl-C: exit 130, no open slot, and the command that continues with the same method', async () => {
      if ((await has(0, '20-59')) === 0) await runCli(words(1, 0, '20-59')); // the rebalance may have taken them
      cluster.behaviour.hold = ({ state }) => state !== 'connecting';
      const count = cluster.jobs.length;
      const child = startCli([...words(0, 1, '20-59'), '--method', 'atomic']);
      child.stdin?.end();
      const end = finished(child);
      await waitFor(() => cluster.jobs.length > count && cluster.jobs.at(-1)?.state !== 'connecting', 'the job');
      child.kill('SIGINT');
      const result = await end;
      expect(result.code, result.stderr).toBe(130);
      expect(result.stderr).toMatch(/Interrupted: 0 of 40 slots were moved/);
      expect(result.stderr).toMatch(/^try: .*redis-trib reshard \S+ --from all --to [0-9a-f]{40} --slots 20-59 --method atomic --yes$/m);
      expect(result.stderr).not.toContain('redis-trib fix');
      expect(cluster.jobs.at(-1)?.state).toMatch(/^cancell?ed$/);
      expect(await has(0, '20-59')).toBe(40);
    });

    it('reshard killed by kill -9: the servers continue, a second administrator is refused, and the saved plan adopts the job', async () => {
      cluster.behaviour.hold = () => true;
      const count = cluster.jobs.length;
      const plan = join(folder, 'plan.json');
      const child = startCli([...words(0, 1, '20-59'), '--plan-out', plan]);
      child.stdin?.end();
      const end = finished(child);
      await waitFor(() => cluster.jobs.length > count, 'the job');
      child.kill('SIGKILL');
      await end;
      const other = await runCli(words(0, 2, '60-69'));
      expect(other).toMatchObject({ code: 1, stderr: expect.stringMatching(/The servers are moving slots themselves: 20-59 from \S+ to \S+ \([a-z-]+, [0-9a-f]+\)\ntry: another reshard may be running; wait for it, or cancel it/) as string });
      const looks = (): number => cluster.fronts.reduce((sum, { commands }) => sum + commands.filter((one) => /^(GETSLOTMIGRATIONS|STATUS)$/i.test(one[design === 'redis' ? 2 : 1] ?? '')).length, 0);
      const before = looks();
      const going = startCli(['apply', plan, at(0), '--yes', '--json']);
      going.stdin?.end();
      const gone = finished(going);
      await waitFor(() => looks() > before + 5, 'its looks at the job'); // three masters at first, then the one that leads
      cluster.behaviour.hold = undefined;
      const result = await gone;
      expect(result, result.stderr).toMatchObject({ code: 0 });
      expect(cluster.jobs.length).toBe(count + 1);
      expect(await has(1, '20-59')).toBe(40);
    });

    it('reshard killed by kill -9 when the servers have finished by themselves: the saved plan finds nothing left', async () => {
      const plan = join(folder, 'done.json');
      cluster.behaviour.hold = () => true;
      const count = cluster.jobs.length;
      const child = startCli([...words(0, 1, '90-99'), '--plan-out', plan]);
      child.stdin?.end();
      const end = finished(child);
      await waitFor(() => cluster.jobs.length > count, 'the job');
      child.kill('SIGKILL');
      await end;
      cluster.behaviour.hold = undefined;
      await waitFor(async () => (await has(1, '90-99')) === 10 && cluster.jobs.every(({ done }) => done), 'its end');
      const run = await runCli(['apply', plan, at(0), '--yes', '--json']);
      expect(run, run.stderr).toMatchObject({ code: 0 });
      expect(JSON.parse(run.stdout)).toMatchObject({ applied: false, left: [], done: [[90, 99]] });
    });

    it('reshard ends with the servers\' reason after their failure when --method is atomic', async () => {
      cluster.behaviour.fail = () => 'target is out of memory';
      const run = await runCli([...words(0, 2, '70-79'), '--method', 'atomic']);
      expect(run).toMatchObject({ code: 1, stderr: expect.stringMatching(/The migration from \S+ to \S+ failed: target is out of memory/) as string });
      expect(run.stderr).not.toContain('redis-trib fix');
    }, 30_000);

    it('del-node --drain moves everything by jobs before the node leaves', async () => {
      expect(await runCli(words(1, 2, '16000-16099'))).toMatchObject({ code: 0 });
      const before = cluster.jobs.length;
      const run = await runCli(['del-node', at(0), at(2), '--drain', '--yes', '--json']);
      expect(run, run.stderr).toMatchObject({ code: 0 });
      expect(cluster.jobs.length - before).toBe(2); // one to each of the others
      expect((await has(0, '0-16383')) + (await has(1, '0-16383'))).toBe(16_384);
    });

    it.each([['--max-rate', '1MB'], ['--replace'], ['--wait-replicas', '1']])('refuses --method atomic with %s', async (...more) => {
      const run = await runCli([...words(0, 1, '80-81'), '--method', 'atomic', ...more]);
      expect(run).toMatchObject({ code: 2, stderr: expect.stringContaining(`atomic migrations do not support ${more[0] ?? ''}`) as string });
    });
  });
}

describeWithServers(['redis-7.0'], 'commands on servers that cannot move slots themselves', () => {
  it('refuse --method atomic before anything has moved, naming the node; auto moves key by key', async () => {
    await using cluster = await startRedisCluster(3, { build: serverBuild('redis-7.0') });
    const words = ['reshard', cluster.seed, '--from', 'all', '--to', cluster.nodes[1]?.address ?? '', '--slots', '0-9', '--yes'];
    const refused = await runCli([...words, '--method', 'atomic']);
    expect(refused).toMatchObject({ code: 1, stderr: expect.stringMatching(/The servers cannot move these slots atomically: 127\.0\.0\.1:\d+ does not support it \(requires Redis 8\.4 or Valkey 9, [^\n]*\ntry: use --method auto/) as string });
    const victim = cluster.nodes[0]?.address ?? '';
    for (const line of [[...words.slice(0, -1), '--dry-run'], ['rebalance', cluster.seed, '--weight', `${victim}=2`, '--dry-run'], ['del-node', cluster.seed, victim, '--drain', '--dry-run']]) {
      expect(await runCli([...line, '--method', 'atomic']), line.join(' ')).toMatchObject({ code: 1, stdout: expect.not.stringContaining('Moving') as string, stderr: expect.stringContaining('does not support it (requires Redis 8.4') as string });
    }
    expect(await runCli(words)).toMatchObject({ code: 0 });
    expect(await runCli([...words, '--method', 'keys', '--use-atomic-slot-migration'])).toMatchObject({ code: 2 });
  });
});
