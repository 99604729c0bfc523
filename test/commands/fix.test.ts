// fix as a process: every question under a pseudo terminal (right and wrong answers, end of input, Ctrl-C), --json,
// --dry-run, interrupted and killed runs. Real nodes.
import { mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { Connection } from '../../src/client/connection.js';
import { BrokenCluster, runHere } from '../support/broken-cluster.js';
import { finished, openTerminal, runCli, startCli, type Terminal } from '../support/cli.js';
import { describeWithRedis, startRedisCluster, waitFor, type RedisNodes } from '../support/redis-server.js';

const ENTER = '\r';
const DOWN = '\u001b[B';
const CTRL_C = '\u0003';
const CTRL_D = '\u0004';
const KILLS = Number(process.env['REDIS_TRIB_SWEEP'] ?? 4);

describeWithRedis('fix at a terminal and in scripts', () => {
  let nodes: RedisNodes;
  let c: BrokenCluster;
  let dir: string;
  let terminal: Terminal | undefined;
  let next = 100;
  const slotOf = (): number => (next += 2);

  beforeAll(async () => {
    nodes = await startRedisCluster(3);
    c = await BrokenCluster.open(nodes.nodes, ({ host, port }) => Connection.connect({ host, port }));
    dir = mkdtempSync(join(tmpdir(), 'redis-trib-fix-'));
  });
  afterEach(async () => {
    terminal?.kill();
    terminal = undefined;
    await runHere(['fix', c.seed, '--yes', '--choose-owner', '--on-conflict', 'newest-slot-owner'], { cwd: dir });
    for (const name of readdirSync(dir)) rmSync(join(dir, name));
  });
  afterAll(async () => {
    c.close();
    await nodes.stop();
    rmSync(dir, { recursive: true, force: true });
  });

  const open = (...flags: string[]): Terminal => (terminal = openTerminal(['fix', c.seed, ...flags], { cwd: dir }));
  const uncover = async (slot: number): Promise<void> => void (await Promise.all([0, 1, 2].map((index) => c.send(index, 'CLUSTER', 'DELSLOTS', slot))));

  it('makes safe repairs without a question and shows their reasons', async () => {
    const slot = slotOf();
    await c.put(0, slot, { a: '1' });
    await c.setSlot(1, slot, 'IMPORTING', 0);
    await c.setSlot(0, slot, 'MIGRATING', 1);
    const tty = open();
    expect(await tty.exit).toBe(0);
    expect(tty.screen()).toMatch(new RegExp(`safe +slot \\[${slot}\\]: finish the move from .* \\(1 key\\)`));
    expect(tty.screen()).toContain('completing the move loses nothing');
    expect(tty.screen()).toContain('✔ All 16384 slots covered');
    expect(await c.claimants(slot)).toEqual([1]);
  });

  describe('the question about uncovered slots', () => {
    const question = "Fix these slots by covering with the nodes named above? (type 'yes' to accept):";

    it.each([['no', ENTER], ['y', ENTER], ['', ENTER]])('leaves them after "%s", exit 4', async (answer, enter) => {
      const slot = slotOf();
      await uncover(slot);
      const tty = open();
      await tty.waitFor(question);
      tty.type(answer + enter);
      expect(await tty.exit).toBe(4);
      expect(tty.screen()).toContain('nothing was changed');
      expect(await c.claimants(slot)).toEqual([]);
    });

    it.each([['Ctrl-C', CTRL_C], ['the end of input', CTRL_D]])('leaves them after %s, exit 130', async (_, key) => {
      const slot = slotOf();
      await uncover(slot);
      const tty = open();
      await tty.waitFor(question);
      tty.type(key);
      expect(await tty.exit).toBe(130);
      expect(await c.claimants(slot)).toEqual([]);
    });

    it('is asked for each class; declined slots stay, the rest is repaired, exit 1', async () => {
      const [empty, one, several] = [slotOf(), slotOf(), slotOf()];
      await c.put(2, one, { a: '1' }, 0);
      await c.put(0, several, { a: '1' });
      await c.put(1, several, { b: '2', c: '3' }, 0);
      for (const slot of [empty, one, several]) await uncover(slot);
      const tty = open();
      await tty.waitFor(question);
      tty.type(`no${ENTER}`);
      await tty.waitFor("Fix these slots by covering with those nodes? (type 'yes' to accept):");
      tty.type(`yes${ENTER}`);
      await tty.waitFor("Fix these slots by moving keys into a single node? (type 'yes' to accept):");
      tty.type(`no${ENTER}`);
      expect(await tty.exit).toBe(1);
      expect(await c.claimants(empty)).toEqual([]);
      expect(await c.claimants(one)).toEqual([2]);
      expect(await c.holders(several)).toEqual({ a: [0], b: [1], c: [1] });
    });

    it('covers them after yes, exit 0', async () => {
      const slot = slotOf();
      await uncover(slot);
      const tty = open();
      await tty.waitFor(question);
      tty.type(`yes${ENTER}`);
      expect(await tty.exit).toBe(0);
      expect(await c.claimants(slot)).toHaveLength(1);
    });
  });

  it.each([[`no${ENTER}`, 4], [CTRL_C, 130], [CTRL_D, 130], [`yes${ENTER}`, 0]])('several owners: %j, exit %d', async (keys, code) => {
    const question = 'Several masters claim these slots: make the ones named above their owners?';
    for (let attempt = 0; attempt < 10; attempt++) {
      const slot = slotOf();
      const tty = open(); // gossip settles who owns the slot in a second: it must be contested just when fix looks
      const contest = async (): Promise<void> => void (await c.link(1).pipeline([['CLUSTER', 'DELSLOTS', slot], ['CLUSTER', 'ADDSLOTS', slot]]));
      let ended = false;
      void tty.exit.then(() => (ended = true));
      while (!ended && !tty.screen().includes(question)) {
        await contest();
        await new Promise((resolve) => setTimeout(resolve, 20));
      }
      if (ended) continue;
      tty.type(keys);
      expect(await tty.exit).toBe(code);
      if (code !== 0) expect(tty.screen()).toContain('nothing was changed');
      return;
    }
    expect.fail('the slot was never contested when fix looked');
  });

  describe('the question about a key with two values', () => {
    const conflict = async (...names: string[]): Promise<number> => {
      const slot = slotOf();
      await c.put(0, slot, Object.fromEntries(names.map((name) => [name, `owner ${name}`])));
      await c.put(1, slot, Object.fromEntries(names.map((name) => [name, `a longer stray ${name}`])), 0);
      return slot;
    };
    const saved = (): number => readdirSync(dir).reduce((sum, name) => sum + readFileSync(join(dir, name), 'utf8').trim().split('\n').length - 1, 0);

    it.each([
      ["the owner's copy stays", ENTER, 0, 'owner a', 1],
      ['the larger copy stays', DOWN + ENTER, 0, 'a longer stray a', 1],
      ['both stay', DOWN + DOWN + ENTER, 1, 'owner a', 0],
    ])('names both copies; %s', async (_, typed, code, value, copies) => {
      const slot = await conflict('a');
      const tty = open();
      await tty.waitFor(`Key "${c.key(slot, 'a')}" (slot ${slot}) has different values on ${c.name(0)}`);
      await tty.waitFor('keep both where they are');
      tty.type(typed);
      expect(await tty.exit).toBe(code);
      expect(await c.value(0, slot, 'a')).toBe(value);
      expect(saved()).toBe(copies);
      expect(await c.holders(slot)).toEqual({ a: code === 0 ? [0] : [0, 1] });
    });

    it.each([
      ['short values of the same size', ['green', 'white'], ['"green"', '"white"'], false],
      ['no value with control characters', ['x\u001b[31m', 'yy\u001b[31m'], ['\\d+Bstring', '\\d+Bstring'], true],
      ['no long value', ['one', 'a'.repeat(70)], ['"one"', '\\d+Bstring'], true],
    ] as const)('shows %s; a larger copy is offered if there is one', async (_, [mine, theirs], [here, there], larger) => {
      const slot = slotOf();
      await c.put(0, slot, { a: mine });
      await c.put(1, slot, { a: theirs }, 0);
      const tty = open();
      await tty.waitFor('this and all further keys: keep both');
      expect(tty.screen().replace(/\s+/g, '')).toMatch(new RegExp(`differentvalueson${c.name(0)}\\(itsowner:${here}\\)and${c.name(1)}\\(${there}\\)\\.`)); // A long question is wrapped.
      expect(tty.screen().includes(`keep the larger copy, of ${c.name(1)}`)).toBe(larger);
      tty.type(CTRL_C);
      expect(await tty.exit).toBe(130);
    });

    it('accepts one answer for all further keys', async () => {
      const slot = await conflict('a', 'b', 'c');
      const tty = open();
      await tty.waitFor('keep both where they are');
      tty.type(DOWN + DOWN + DOWN + DOWN + ENTER); // the larger, for all
      expect(await tty.exit).toBe(0);
      expect(await c.holders(slot)).toEqual({ a: [0], b: [0], c: [0] });
      expect(await c.value(0, slot, 'b')).toBe('a longer stray b');
      expect(saved()).toBe(3);
    });

    it('about a key with several stray copies shows what the previous answer left; only the copy that went to the owner counts as moved', async () => {
      const slot = slotOf();
      const strays = ['stray one', 'stray two, longer'];
      await c.put(0, slot, { a: 'own' });
      await c.put(1, slot, { a: strays[0]! }, 0);
      await c.put(2, slot, { a: strays[1]! }, 0);
      const tty = open();
      const questions = (): string[] => tty.screen().split('has different values').slice(1).map((text) => text.replace(/\s+/g, ' '));
      await tty.waitFor('this and all further keys: keep both');
      const chosen = strays.find((value) => questions()[0]!.includes(`("${value}")`))!;
      expect(questions()[0]).toContain('its owner: "own"');
      tty.type(DOWN + ENTER); // the larger
      await waitFor(() => questions().at(-1)!.includes(`its owner: "${chosen}"`) && questions().at(-1)!.includes('further keys: keep both'), 'the second question with the value that the owner has now');
      expect(questions().at(-1)).not.toContain('saved the copy of');
      tty.type(ENTER); // the owner's
      expect(await tty.exit).toBe(0);
      expect(await c.value(0, slot, 'a')).toBe(chosen);
      expect(await c.holders(slot)).toEqual({ a: [0] });
      expect(saved()).toBe(2);
      expect(tty.screen().replace(/\s+/g, ' ')).toMatch(/ 1 key moved\. 2 copies of keys were saved to .*, then removed;/);
    });

    it('is asked again when a copy has changed while it was open', async () => {
      const slot = await conflict('a');
      const tty = open();
      await tty.waitFor('keep both where they are');
      await c.link(1).pipeline([['ASKING'], ['SET', c.key(slot, 'a'), 'written meanwhile, and longer']]);
      tty.type(DOWN + ENTER); // the larger
      await tty.waitFor('keep both where they are');
      tty.type(DOWN + ENTER);
      expect(await tty.exit).toBe(0);
      expect(await c.value(0, slot, 'a')).toBe('written meanwhile, and longer');
    });

    it('deletes nothing when the slot has got another owner while it was open', async () => {
      const slot = await conflict('a');
      const tty = open();
      await tty.waitFor('keep both where they are');
      await c.send(1, 'CLUSTER', 'SETSLOT', slot, 'NODE', c.id(1));
      await c.send(1, 'CLUSTER', 'BUMPEPOCH');
      await waitFor(async () => (await c.claimants(slot)).join() === '1', 'the others to accept the new owner');
      tty.type(ENTER); // the owner's copy, which was that of node 0
      await tty.exit;
      expect(await c.value(1, slot, 'a'), tty.screen()).toBe('a longer stray a');
    });

    it.each([['Ctrl-C', CTRL_C], ['the end of input', CTRL_D]])('stops after %s with exit 130, keeps both copies, and prints how to continue', async (_, key) => {
      const slot = await conflict('a');
      const tty = open();
      await tty.waitFor('keep both where they are');
      tty.type(key);
      expect(await tty.exit).toBe(130);
      expect(tty.screen()).toContain('run the same command again');
      expect(await c.holders(slot)).toEqual({ a: [0, 1] });
      expect(saved()).toBe(0);
    });

    it.each([[['--cluster', 'fix']], [['fix']]])('%j without a terminal names the keys and both nodes on stderr', async (words) => {
      const slot = await conflict('a');
      const run = await runCli([...words, c.seed], { cwd: dir, input: 'yes\n' });
      expect(run).toMatchObject({ code: 1, stderr: expect.stringContaining(`Key "${c.key(slot, 'a')}" (slot ${slot}) has different values or times to live on ${c.name(0)} (its owner) and ${c.name(1)}: both stay.`) as string });
    });

    it('keeps both copies without a terminal: exit 1, the flag is named, --json lists the keys', async () => {
      const slot = await conflict('a');
      const run = await runCli(['fix', c.seed, '--json'], { cwd: dir });
      expect(run.code).toBe(1);
      expect(JSON.parse(run.stdout)).toMatchObject({ ok: false, applied: true, outcome: { unresolved: [{ slot, key: c.key(slot, 'a'), nodes: [c.name(0), c.name(1)] }] }, next: expect.stringContaining('--on-conflict') as string });
    });
  });

  it('refuses with exit 1 when open slots change meanwhile, because a move is in progress', async () => {
    // Every moment another slot, so that no two looks fall on the same state.
    let [open, running] = [3000, true];
    await c.setSlot(1, open, 'IMPORTING', 0);
    const somebody = (async () => {
      for (; running; open++) {
        await c.setSlot(1, open + 1, 'IMPORTING', 0);
        await c.setSlot(1, open, 'STABLE');
        await new Promise((resolve) => setTimeout(resolve, 60));
      }
    })();
    const run = await runCli(['fix', c.seed]);
    running = false;
    await somebody;
    await c.setSlot(1, open, 'STABLE');
    expect(run).toMatchObject({ code: 1, stderr: expect.stringContaining('a reshard or another fix is running') as string });
  });

  it('--dry-run --json prints findings, decisions and steps, and changes nothing', async () => {
    const slot = slotOf();
    await c.setSlot(1, slot, 'IMPORTING', 0);
    const run = await runCli(['fix', c.seed, '--dry-run', '--json']);
    expect(run.code).toBe(0);
    expect(JSON.parse(run.stdout)).toMatchObject({
      schema: 2,
      ok: false,
      applied: false,
      before: { openSlots: [[slot, slot]] },
      plan: { kind: 'fix', decisions: [{ code: 'close-open', danger: 'safe', slots: [[slot, slot]] }], steps: [{ kind: 'close-slots' }] },
    });
    expect((await runCli(['check', c.seed])).code).toBe(1);
  });

  it('prints the lines of redis-cli 8.7 case 1 in their order when piped', async () => {
    const slot = slotOf();
    await c.put(0, slot, { a: '1', b: '2', c: '3' });
    await c.setSlot(2, slot, 'IMPORTING', 0);
    await c.setSlot(0, slot, 'MIGRATING', 2);
    const run = await runCli(['--cluster', 'fix', '127.0.0.1', String(nodes.nodes[0]?.port), '--cluster-search-multiple-owners', '--cluster-pipeline', '10', '--cluster-timeout', '60000']);
    expect(run.code).toBe(0);
    const lines = run.stdout.split('\n').filter((line) => !line.startsWith('    '));
    const at = lines.indexOf(`>>> Fixing open slot ${slot}`);
    expect(lines.slice(at, at + 5)).toEqual([
      `>>> Fixing open slot ${slot}`,
      `Set as migrating in: ${c.name(0)}`,
      `Set as importing in: ${c.name(2)}`,
      `>>> Case 1: Moving slot ${slot} from ${c.name(0)} to ${c.name(2)}`,
      `Moving slot ${slot} from ${c.name(0)} to ${c.name(2)}: ...`,
    ]);
    expect(run.stdout).toContain(`[WARNING] The following slots are open: ${slot}.`);
    expect(run.stdout).toContain('[OK] No multiple owners found.');
  });

  /** Fifty open slots, stray keys and uncovered slots; returns what must be there afterwards. */
  const wreck = async (round: number): Promise<Map<number, Record<string, string>>> => {
    const expected = new Map<number, Record<string, string>>();
    for (let i = 0; i < 50; i++) {
      const slot = 3000 + round * 60 + i;
      const here = Object.fromEntries(Array.from({ length: 20 }, (_, key) => [`h${key}`, `${round}`]));
      const there = Object.fromEntries(Array.from({ length: 20 }, (_, key) => [`t${key}`, `${round}`]));
      await c.put(0, slot, here);
      if (i % 5 === 0) await c.put(1, slot, there, 0);
      else await c.setSlot(1, slot, 'IMPORTING', 0);
      if (i % 5 !== 0) await c.put(1, slot, there);
      if (i % 5 > 1) await c.setSlot(0, slot, 'MIGRATING', 1);
      expected.set(slot, { ...here, ...there });
    }
    for (const slot of [3000 + round * 60, 3000 + round * 60 + 1]) await uncover(slot);
    return expected;
  };
  const whole = async (expected: ReadonlyMap<number, Record<string, string>>): Promise<void> => {
    for (const [slot, values] of expected) {
      const [owner = -1] = await c.claimants(slot);
      expect(await c.holders(slot)).toEqual(Object.fromEntries(Object.keys(values).map((name) => [name, [owner]])));
    }
    expect((await runHere(['check', c.seed, '--search-multiple-owners'])).code).toBe(0);
  };

  it('stops at Ctrl-C with exit 130 and prints how to continue; the same command completes the repair', async () => {
    const expected = await wreck(0);
    const child = startCli(['fix', c.seed, '--yes', '-o', 'plain']);
    const done = finished(child);
    let told = false; // once: a second Ctrl-C leaves at once
    child.stdout?.on('data', (chunk: Buffer) => {
      if (!told && chunk.includes(': ....')) told = child.kill('SIGINT');
    });
    const run = await done;
    // fix may have completed already when the signal came.
    if (run.code !== 0) expect(run).toMatchObject({ code: 130, stderr: expect.stringContaining('run the same command again') as string });
    expect((await runCli(['fix', c.seed, '--yes'])).code).toBe(0);
    await whole(expected);
  });

  it(`completes with the same command after it was killed ${KILLS} times, every key once`, async () => {
    for (let round = 1; round <= KILLS; round++) {
      const expected = await wreck((round % 38) + 1);
      const child = startCli(['fix', c.seed, '--yes']);
      const done = finished(child);
      await new Promise((resolve) => setTimeout(resolve, 150 + Math.random() * 350));
      child.kill('SIGKILL');
      await done;
      const run = await runCli(['fix', c.seed, '--yes']);
      expect(run.code, run.stdout + run.stderr).toBe(0);
      await whole(expected);
      await Promise.all(c.links.map((link) => link.command(['FLUSHALL'])));
      // Back to their first owner, for the next round.
      if (round % 38 === 0) await runCli(['reshard', c.seed, '--from', 'all', '--to', c.name(0), '--slots', '3000-5400', '--yes']);
    }
  }, 60_000 + KILLS * 5000);
});
