// A move that is paused by SIGUSR2, with no slot open, or whose process was stopped for longer than its time limits (Ctrl-Z, fg):
// it continues without an error.
import { afterAll, beforeAll, expect, it } from 'vitest';
import { openCluster } from '../../src/apply/open-cluster.js';
import type { ApplyEvent } from '../../src/apply/node/event.js';
import { PauseSwitch } from '../../src/apply/mover/pacing/pause-switch.js';
import { planReshard } from '../../src/plan/reshard.js';
import { finished, runCli, startCli } from '../support/cli.js';
import { fill, Hammer, keysInSlots, totalKeys } from '../support/load.js';
import { describeWithRedis, startRedisCluster, waitFor, type RedisNodes } from '../support/redis-server.js';

describeWithRedis('a paused move', () => {
  const KEYS = 3000;
  let cluster: RedisNodes;
  const at = (index: number): string => cluster.nodes[index]?.address ?? '';
  const words = (to: number): string[] => ['reshard', at(0), '--from', 'all', '--to', at(to), '--slots', '0-999', '--yes'];

  beforeAll(async () => {
    cluster = await startRedisCluster(3);
    await fill(cluster, keysInSlots(0, 999, KEYS).map((key) => ['SET', key, 'x'.repeat(1000)]));
  });
  afterAll(() => cluster.stop());

  async function start(to: number, ...more: string[]) {
    const child = startCli([...words(to), ...more]);
    child.stdin?.end();
    let said = '';
    child.stderr?.on('data', (chunk: Buffer) => (said += chunk.toString()));
    const end = finished(child);
    await using link = await cluster.nodes[to]!.connect();
    const before = Number(await link.command(['DBSIZE']));
    await waitFor(async () => Number(await link.command(['DBSIZE'])) > before, 'the first keys to move');
    return { child, end, said: () => said };
  }

  async function nothingOpen(): Promise<number> {
    await using opened = await openCluster(cluster.seed);
    expect(await opened.check({ searchMultipleOwners: true })).toMatchObject({ ok: true, openSlots: [] });
    return opened.view.masters.find(({ port }) => port === cluster.nodes[1]?.port)?.slots.toArray().filter((slot) => slot < 1000).length ?? 0;
  }

  it('stops at SIGUSR2 with no slot open, and resumes at a second one', async () => {
    const hammer = await Hammer.start(cluster, keysInSlots(0, 999, 100).map((key) => `{${key}}counter`), 2);
    const { child, end, said } = await start(1, '--max-rate', '2M', '--json');
    child.kill('SIGUSR2');
    await waitFor(() => said().includes('Paused: '), 'the pause');
    const [, slots, pid] = /^Paused: (\d+) of 1000 slots moved; to resume send SIGUSR2 to PID (\d+), to stop press Ctrl-C\.$/m.exec(said()) ?? [];
    expect(Number(pid)).toBe(child.pid);
    expect(Number(slots)).toBeGreaterThan(0);
    expect(Number(slots)).toBeLessThan(1000);
    expect(await nothingOpen()).toBe(Number(slots));
    child.kill('SIGUSR2');
    const result = await end;
    expect(result, result.stderr).toMatchObject({ code: 0 });
    expect(said()).toContain('\nResumed.\n');
    expect(JSON.parse(result.stdout)).toMatchObject({ applied: true, stats: { slots: 1000 } });
    expect(await nothingOpen()).toBe(1000);
    expect(await hammer.finish()).toEqual([]);
    await fill(cluster, [...hammer.acknowledged.keys()].map((key) => ['DEL', key]));
  });

  it('ends at Ctrl-C with exit code 130, no slot open, and the command that continues', async () => {
    const { child, end, said } = await start(0, '--max-rate', '2M');
    child.kill('SIGUSR2');
    await waitFor(() => said().includes('Paused: '), 'the pause');
    child.kill('SIGINT');
    const result = await end;
    expect(result, result.stderr).toMatchObject({ code: 130 });
    expect(result.stderr).not.toContain('Resumed.');
    const left = await nothingOpen();
    expect(left).toBeGreaterThan(0);
    const next = /^try: redis-trib (reshard .*)$/m.exec(result.stderr)?.[1] ?? '';
    expect(await runCli(next.split(' '))).toMatchObject({ code: 0 });
    expect(await nothingOpen()).toBe(0);
    expect(await totalKeys(cluster)).toBe(KEYS);
  });

  it('survives repeated suspensions longer than its time limits, under load: exit code 0, nothing lost, nothing repeated', async () => {
    const hammer = await Hammer.start(cluster, keysInSlots(0, 999, 100).map((key) => `{${key}}counter`), 2);
    const child = startCli([...words(1), '--command-timeout', '0.3', '--connect-timeout', '0.3', '--json']);
    child.stdin?.end();
    const end = finished(child);
    let over = false;
    void end.then(() => (over = true));
    const pass = (ms: number): Promise<void> => {
      const until = performance.now() + ms;
      return waitFor(() => over || performance.now() > until, 'time to pass');
    };
    let stops = 0;
    for (; !over && stops < 100; stops++) {
      await pass(10); // in steps of waitFor: enough for a few commands
      const writes = hammer.writes;
      child.kill('SIGSTOP');
      await pass(350);
      await waitFor(() => hammer.writes > writes, 'clients to be served');
      child.kill('SIGCONT');
    }
    const result = await end;
    expect(result, result.stderr).toMatchObject({ code: 0 });
    expect(stops).toBeGreaterThan(5);
    expect(JSON.parse(result.stdout)).toMatchObject({ stats: { slots: 1000, retries: 0, warnings: [] } });
    expect(await nothingOpen()).toBe(1000);
    expect(await hammer.finish()).toEqual([]);
    expect(await totalKeys(cluster)).toBe(KEYS + hammer.acknowledged.size);
  }, 90_000);

  it('can be controlled by programs with a switch, also before it begins', async () => {
    await using opened = await openCluster(cluster.seed);
    const plan = planReshard(await opened.healthyView(), { amount: { count: 300 }, from: 'all', to: [at(2)] });
    const pause = new PauseSwitch();
    pause.pause();
    const kinds: string[] = [];
    const onEvent = (event: ApplyEvent): void => {
      if (event.kind !== 'batchMoved') kinds.push(event.kind);
      if (event.kind === 'paused') queueMicrotask(() => pause.resume());
    };
    await opened.apply(plan, { pause, onEvent });
    expect(kinds.slice(0, 4)).toEqual(['stepStarted', 'stepStarted', 'paused', 'resumed']);
    expect(kinds.filter((kind) => kind === 'slotClosed').length).toBe(300);
  });
});
