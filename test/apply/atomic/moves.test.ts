// Moves by the servers' own migration, end to end: both designs carried out by real nodes behind proxies that implement the
// commands of Redis 8.4 and Valkey 9. Every case ends with all keys present and no slot open.
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import type { ApplyEvent, ApplyStats } from '../../../src/apply/node/event.js';
import { MoveIncomplete, type MoverOptions } from '../../../src/apply/mover/pacing/options.js';
import { PauseSwitch } from '../../../src/apply/mover/pacing/pause-switch.js';
import { openCluster } from '../../../src/apply/open-cluster.js';
import { SlotSet } from '../../../src/cluster/slot-set.js';
import { keySlot } from '../../../src/cluster/slots.js';
import type { MoveStep } from '../../../src/plan/step.js';
import { startAtomicCluster, type AtomicCluster, type AtomicDesign, type Job } from '../../support/atomic-cluster.js';
import { fill, totalKeys } from '../../support/load.js';
import { describeWithRedis, waitFor } from '../../support/redis-server.js';

const KEYS = 4000;
const names = Array.from({ length: KEYS }, (_, index) => `key:${index}`);

function keysIn(slots: string): number {
  const wanted = SlotSet.parse(slots);
  return names.filter((name) => wanted.has(keySlot(name))).length;
}

/** What a move did. */
interface Outcome {
  readonly stats: ApplyStats | undefined;
  readonly error: MoveIncomplete | undefined;
  readonly events: readonly ApplyEvent[];
  /** SETSLOT commands that any node received during the move, and jobs that were started. */
  readonly setSlots: number;
  readonly jobs: readonly Job[];
}

class Bench {
  /** Of the latest move. */
  events: ApplyEvent[] = [];

  constructor(readonly cluster: AtomicCluster) {}

  id(index: number): string {
    return this.cluster.fronts[index]?.id ?? '';
  }

  step(source: number, target: number, slots: string): MoveStep {
    return { kind: 'move-slots', source: this.id(source), target: this.id(target), slots: SlotSet.parse(slots).ranges() };
  }

  private setSlots(): number {
    return this.cluster.fronts.reduce((sum, { commands }) => sum + commands.filter((words) => words[1]?.toUpperCase() === 'SETSLOT').length, 0);
  }

  async move(steps: readonly MoveStep[], options: MoverOptions = {}, signal?: AbortSignal): Promise<Outcome> {
    await using cluster = await openCluster(this.cluster.seed);
    const events: ApplyEvent[] = [];
    this.events = events;
    const before = { setSlots: this.setSlots(), jobs: this.cluster.jobs.length };
    let stats: ApplyStats | undefined;
    let error: MoveIncomplete | undefined;
    try {
      stats = await cluster.apply({ steps }, { ...options, onEvent: (event) => void events.push(event), ...(signal === undefined ? {} : { signal }) });
    } catch (thrown) {
      error = thrown as MoveIncomplete;
    }
    return { stats, error, events, setSlots: this.setSlots() - before.setSlots, jobs: this.cluster.jobs.slice(before.jobs) };
  }

  /** Number of the slots that a master owns according to all nodes. */
  async has(index: number, slots: string): Promise<number> {
    await using cluster = await openCluster(this.cluster.fronts.map(({ address }) => address).join(','));
    await cluster.waitForAgreement();
    const view = await cluster.refresh();
    return view.node(this.id(index))?.slots.intersection(SlotSet.parse(slots)).size ?? 0;
  }

  async say(index: number, ...words: (string | number)[]): Promise<unknown> {
    await using link = await this.cluster.fronts[index]!.connect();
    return await link.command(words);
  }

  async expectOrder(): Promise<void> {
    await using cluster = await openCluster(this.cluster.seed);
    expect(await cluster.check({ searchMultipleOwners: true })).toMatchObject({ ok: true, openSlots: [] });
    const masters = cluster.view.masters.flatMap(({ port }) => this.cluster.fronts.find((front) => front.port === port) ?? []);
    expect(await totalKeys({ ...this.cluster, nodes: masters })).toBe(KEYS);
    expect(this.cluster.meddled).toEqual([]);
  }

  reset(): void {
    Object.assign(this.cluster.behaviour, { hold: undefined, fail: undefined, refuse: undefined, forget: undefined, stepMs: 8, trimMs: 0 });
  }
}

async function prepare(design: AtomicDesign | ((index: number) => AtomicDesign | undefined), masters: number, replicas = 0): Promise<Bench> {
  const bench = new Bench(await startAtomicCluster(masters, { design, replicas }));
  await fill(bench.cluster, names.map((name) => ['SET', name, `value of ${name}`]));
  return bench;
}

const isStart = (words: readonly string[]): boolean => /^(IMPORT|MIGRATESLOTS)$/i.test(words[2] ?? '') || /^MIGRATESLOTS$/i.test(words[1] ?? '');
const overlap = (a: Job, b: Job): boolean => a.started < b.ended && b.started < a.ended;

for (const design of ['redis', 'valkey'] as const) {
  describeWithRedis(`moves by the servers, as ${design} does`, () => {
    let bench: Bench;
    beforeAll(async () => {
      bench = await prepare(design, 4);
      bench.reset();
    });
    afterEach(async () => {
      bench.reset();
      await waitFor(() => bench.cluster.jobs.every(({ done }) => done), 'all jobs to end');
      await bench.expectOrder();
    });
    afterAll(() => bench.cluster.stop());

    /** Starts a job as another administrator would, and does not follow it. */
    const foreignJob = async (source: number, target: number, slots: string): Promise<void> => {
      bench.cluster.behaviour.hold = () => true;
      const range = SlotSet.parse(slots).ranges().flat();
      if (design === 'redis') await bench.say(target, 'CLUSTER', 'MIGRATION', 'IMPORT', ...range);
      else await bench.say(source, 'CLUSTER', 'MIGRATESLOTS', 'SLOTSRANGE', ...range, 'NODE', bench.id(target));
    };

    it('moves slots of several pairs in jobs of a bounded size, without a SETSLOT, and counts keys', async () => {
      const steps = [bench.step(0, 1, '0-99'), bench.step(0, 2, '100-199'), bench.step(3, 2, '12288-12387')];
      const { stats, error, events, setSlots, jobs } = await bench.move(steps, { jobSlots: 40 });
      expect(error).toBeUndefined();
      expect(setSlots).toBe(0);
      expect(stats).toMatchObject({ slots: 300, keys: keysIn('0-199,12288-12387'), retries: 0, warnings: [] });
      expect(jobs.map(({ slots }) => slots).sort()).toHaveLength(9);
      expect(await Promise.all([bench.has(1, '0-99'), bench.has(2, '100-199'), bench.has(2, '12288-12387')])).toEqual([100, 100, 100]);
      expect(events.filter(({ kind }) => kind === 'slotClosed')).toHaveLength(300);
      expect(events.filter(({ kind }) => kind === 'jobDone')).toHaveLength(9);
      expect(stats?.writePauseMs === undefined).toBe(design === 'valkey');
      const together = (clash: (a: Job, b: Job) => boolean): Job[] => jobs.filter((a, at) => jobs.some((b, other) => other > at && clash(a, b) && overlap(a, b)));
      const nodes = (job: Job): string[] => [job.source, job.target];
      if (design === 'redis') expect(together((a, b) => nodes(a).some((id) => nodes(b).includes(id)))).toEqual([]);
      else expect(together((a, b) => a.source === b.source && a.target === b.target)).toEqual([]);
      expect(together(() => true).length).toBeGreaterThan(0); // pairs that can go side by side do
    });

    it('repeats a job after a transient failure', async () => {
      let failures = 0;
      bench.cluster.behaviour.fail = () => (failures++ === 0 ? 'link lost' : undefined);
      const { stats, error, jobs, setSlots } = await bench.move([bench.step(0, 1, '200-249')]);
      expect(error).toBeUndefined();
      expect([stats?.slots, setSlots, jobs.length]).toEqual([50, 0, design === 'redis' ? 1 : 2]);
    });

    it('moves key by key after a permanent failure, and reports that', async () => {
      bench.cluster.behaviour.fail = () => 'target is out of memory';
      const { stats, error, setSlots } = await bench.move([bench.step(0, 1, '250-299')]);
      expect(error).toBeUndefined();
      expect(stats).toMatchObject({ slots: 50, keys: keysIn('250-299'), warnings: [expect.stringMatching(/out of memory; 50 slots are moved key by key instead/) as string] });
      expect(setSlots).toBeGreaterThan(0);
    }, 30_000);

    it('uses MIGRATE when the user may not list jobs, and fails for slots that cannot be moved', async () => {
      bench.cluster.behaviour.refuse = (_, words) => (isStart(words) ? 'NOPERM User app has no permissions to run it' : undefined);
      expect(await bench.move([bench.step(0, 1, '300-309')])).toMatchObject({ error: undefined, stats: { slots: 10, warnings: [expect.stringContaining('NOPERM') as string] } });
      expect(await bench.move([bench.step(0, 1, '310-319')], { method: 'atomic' })).toMatchObject({ error: { code: 'MOVE_FAILED' }, setSlots: 0 });
      bench.cluster.behaviour.refuse = (_, words) => (isStart(words) ? 'ERR slots belong to different shards' : undefined);
      const { error, setSlots } = await bench.move([bench.step(0, 1, '310-319')]);
      expect(error).toBeInstanceOf(MoveIncomplete);
      expect(error).toMatchObject({ code: 'MOVE_FAILED', message: expect.stringContaining('different shards') as string, hint: expect.stringContaining('every slot is completely on one node') as string });
      expect(error?.failures).toHaveLength(10);
      expect(error?.failures.every(({ untouched }) => untouched === true)).toBe(true);
      expect([setSlots, await bench.has(0, '310-319')]).toEqual([0, 10]);
    });

    it('cancels the running jobs on abort: no slot has moved, none is open', async () => {
      const stop = new AbortController();
      bench.cluster.behaviour.hold = (job) => job.state !== 'connecting' && job.state !== 'none';
      const count = bench.cluster.jobs.length;
      const move = bench.move([bench.step(0, 1, '320-329'), bench.step(2, 3, '8300-8309')], {}, stop.signal);
      await waitFor(() => bench.cluster.jobs.length === count + 2, 'both jobs');
      stop.abort();
      const { error, setSlots, jobs } = await move;
      expect(error).toMatchObject({ code: 'ABORTED', exitCode: 130, message: 'Interrupted: 0 of 20 slots were moved, with 0 keys' });
      expect(jobs.map(({ state }) => state)).toEqual(design === 'redis' ? ['canceled', 'canceled'] : ['cancelled', 'cancelled']);
      expect([setSlots, await bench.has(0, '320-329'), await bench.has(2, '8300-8309')]).toEqual([0, 10, 10]);
    });

    it('cancels a job that exceeds its time limit', async () => {
      bench.cluster.behaviour.hold = () => true;
      const { error } = await bench.move([bench.step(0, 1, '320-329')], { jobLimitMs: 300 });
      expect(error).toMatchObject({ code: 'MOVE_FAILED', message: expect.stringMatching(/did not finish within 0 s/) as string });
      expect(await bench.has(0, '320-329')).toBe(10);
    });

    it('leaves jobs of other programs alone, with either method', async () => {
      await foreignJob(0, 1, '330-339');
      for (const method of ['auto', 'atomic', 'keys'] as const) {
        const { error, setSlots } = await bench.move([bench.step(0, 2, '340-349')], { method });
        expect(error, method).toMatchObject({ code: 'JOB_RUNNING', message: expect.stringMatching(/330-339 from 127\.0\.0\.1:\d+ to 127/) as string });
        expect(setSlots).toBe(0);
      }
      bench.cluster.behaviour.hold = undefined;
      await waitFor(() => bench.cluster.jobs.every(({ done }) => done), 'the other job to end');
      expect(await bench.has(1, '330-339')).toBe(10);
    });

    it('adopts a running job of the same plan', async () => {
      await foreignJob(0, 1, '350-359');
      const count = bench.cluster.jobs.length;
      const move = bench.move([bench.step(0, 1, '350-379')]);
      await waitFor(() => bench.events.some(({ kind }) => kind === 'jobSeen'), 'a look at it');
      bench.cluster.behaviour.hold = undefined;
      const { stats, error } = await move;
      expect(error).toBeUndefined();
      expect([stats?.slots, bench.cluster.jobs.length - count, await bench.has(1, '350-379')]).toEqual([30, 1, 30]);
    });

    it('decides by the slot owners about a job that the servers no longer list', async () => {
      bench.cluster.behaviour.forget = ({ done }) => done;
      const { stats, error, jobs } = await bench.move([bench.step(0, 1, '380-389')]);
      expect([error, stats?.slots, jobs.length]).toEqual([undefined, 10, 1]);
    });

    it('completes slots that SETSLOT has opened key by key, and refuses them with --method atomic', async () => {
      await bench.say(1, 'CLUSTER', 'SETSLOT', 390, 'IMPORTING', bench.id(0));
      await bench.say(0, 'CLUSTER', 'SETSLOT', 390, 'MIGRATING', bench.id(1));
      const steps = [bench.step(0, 1, '390-399')];
      expect((await bench.move(steps, { method: 'atomic' })).error).toMatchObject({ code: 'NO_ATOMIC', message: expect.stringContaining('opened by SETSLOT') as string });
      const { error, stats, jobs } = await bench.move(steps);
      expect([error, stats?.slots, jobs.length]).toEqual([undefined, 10, 0]);
    });

    it.each<[string, MoverOptions]>([['method keys', { method: 'keys' }], ['a rate', { maxRate: 1e9 }], ['replace', { replace: true }]])('%s: key by key', async (_, options) => {
      const owned = await bench.has(0, '400-409');
      const steps = [owned > 0 ? bench.step(0, 1, '400-409') : bench.step(1, 0, '400-409')];
      expect(await bench.move(steps, options)).toMatchObject({ error: undefined, stats: { slots: 10 }, jobs: [] });
    });

    it('pauses between two jobs and resumes', async () => {
      const pause = new PauseSwitch();
      const count = bench.cluster.jobs.length;
      bench.cluster.behaviour.hold = () => bench.cluster.jobs.length === count + 1 && !pause.paused;
      const move = bench.move([bench.step(0, 1, '410-429')], { jobSlots: 10, pause });
      await waitFor(() => bench.cluster.jobs.length > count, 'the first job');
      pause.pause();
      await waitFor(() => bench.events.some(({ kind }) => kind === 'paused'), 'the rest');
      expect(await bench.has(1, '410-429')).toBe(10);
      expect(bench.cluster.jobs).toHaveLength(count + 1);
      pause.resume();
      const { error, stats, events } = await move;
      expect([error, stats?.slots]).toEqual([undefined, 20]);
      expect(events.filter(({ kind }) => kind === 'paused' || kind === 'resumed')).toMatchObject([{ kind: 'paused', slots: 10, total: 20 }, { kind: 'resumed' }]);
    });
  });
}

describeWithRedis('moves between servers of which some cannot move slots themselves', () => {
  let bench: Bench;
  beforeAll(async () => {
    bench = await prepare((index) => (index === 5 ? undefined : 'redis'), 3, 1); // a replica of the third master is old
  });
  afterAll(() => bench.cluster.stop());

  it('moves by jobs between capable servers first, then the others key by key; with --method atomic names the server that cannot', async () => {
    const steps = [bench.step(0, 1, '0-49'), bench.step(0, 2, '50-99')];
    const old = bench.cluster.fronts[5]?.address ?? '?';
    expect((await bench.move(steps, { method: 'atomic' })).error).toMatchObject({ code: 'NO_ATOMIC', message: expect.stringContaining(old) as string });
    const { error, stats, setSlots, events } = await bench.move(steps);
    expect(error).toBeUndefined();
    expect(stats).toMatchObject({ slots: 100, keys: keysIn('0-99') });
    expect(setSlots).toBeGreaterThan(0);
    const order = events.filter(({ kind }) => kind === 'jobDone' || kind === 'slotOpened').map(({ kind }) => kind);
    expect(order).toEqual(['jobDone', ...Array.from({ length: 50 }, () => 'slotOpened')]);
    await bench.expectOrder();
  });

  it('fails when the source is killed during the job and its replica keeps the slots', async () => {
    bench.cluster.behaviour.hold = (job) => job.state !== 'connecting' && job.state !== 'none';
    const count = bench.cluster.jobs.length;
    const move = bench.move([bench.step(0, 1, '100-149')], { retryMs: 20_000 });
    await waitFor(() => bench.cluster.jobs.length > count, 'the job');
    await bench.cluster.fronts[0]?.kill();
    const { error, stats } = await move;
    expect(stats).toBeUndefined();
    expect(error).toMatchObject({ code: 'MOVE_FAILED' });
    const heirs = [3, 4, 5];
    await waitFor(async () => (await Promise.all(heirs.map((index) => bench.has(index, '100-149').catch(() => 0)))).includes(50), 'a replica to have them');
  }, 60_000);
});
