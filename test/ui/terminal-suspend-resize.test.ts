// The terminal during a command: Ctrl-Z and fg, and windows that become too narrow for any text.
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { openCluster } from '../../src/apply/open-cluster.js';
import { openTerminal, type CliOptions, type Terminal } from '../support/cli.js';
import { fill, keysInSlots, totalKeys } from '../support/load.js';
import { describeWithRedis, startRedisCluster, waitFor, type RedisNodes } from '../support/redis-server.js';

const HIDE = '\u001b[?25l';
const SHOW = '\u001b[?25h';

describeWithRedis('a terminal during a move', () => {
  const KEYS = 3000;
  let cluster: RedisNodes;
  let terminal: Terminal | undefined;
  const at = (index: number): string => cluster.nodes[index]?.address ?? '';

  beforeAll(async () => {
    cluster = await startRedisCluster(2);
    await fill(cluster, keysInSlots(0, 399, KEYS).map((key) => ['SET', key, 'x'.repeat(400)]));
  });
  afterAll(() => cluster.stop());
  afterEach(() => terminal?.kill());

  async function move(to: number, rate: string, options: CliOptions, ...more: string[]): Promise<Terminal> {
    const from = 1 - to;
    terminal = openTerminal(['reshard', at(0), '--from', at(from), '--to', at(to), '--slots', '0-399', '--yes', '--max-rate', rate, ...more], options);
    await terminal.waitFor(/[1-9]\d*\/400 slots/);
    return terminal;
  }

  const serverTime = async (): Promise<number> => {
    await using link = await cluster.nodes[0]!.connect();
    return Number((await link.command(['TIME']) as string[])[0]);
  };

  async function whole(): Promise<boolean> {
    await using opened = await openCluster(cluster.seed);
    return (await opened.check()).ok;
  }

  it('shows the cursor and a complete line at Ctrl-Z; fg draws on, and the time between does not count', async () => {
    const shell = await move(1, '400k', { shell: true }, '--command-timeout', '1');
    await shell.waitFor(/\d+\/400 slots[^\n]*slots\/s/);
    const before = shell.raw().length;
    shell.type('\u001a');
    await shell.waitFor('Stopped');
    // Whatever this machine manages: the pause of six seconds must not count for it.
    const rates = [...shell.screen().matchAll(/, (\d+) slots\/s/g)].map(([, rate]) => Number(rate));
    const left = shell.raw().slice(before, shell.raw().lastIndexOf('Stopped'));
    expect(left.lastIndexOf(SHOW)).toBeGreaterThan(left.lastIndexOf(HIDE));
    // Longer than the command may wait for an answer, and long enough to show in the rate.
    const until = (await serverTime()) + 6;
    await waitFor(async () => (await serverTime()) >= until, 'time to pass');
    const resumed = shell.raw().length;
    shell.type('fg\r');
    await shell.waitFor(/\d+\/400 slots[^\n]*ETA/);
    const drawn = shell.raw().slice(resumed);
    expect(drawn).toContain(HIDE);
    const rate = Number(/, (\d+) slots\/s, ETA/.exec(drawn)?.[1]);
    await shell.waitFor('Moved 400 slots');
    expect(shell.raw().lastIndexOf(SHOW)).toBeGreaterThan(shell.raw().lastIndexOf(HIDE));
    shell.type('echo "ended with $?"; exit\r');
    await shell.waitFor('ended with 0');
    expect(shell.screen()).not.toMatch(/warning|retry|error/i);
    expect(rate).toBeGreaterThan((rates.at(-1) ?? Infinity) * 0.6);
    expect(await whole()).toBe(true);
    expect(await totalKeys(cluster)).toBe(KEYS);
  }, 60_000);

  it('ignores Ctrl-Z where no shell could resume the process', async () => {
    const alone = await move(0, '600k', {});
    alone.type('\u001a');
    expect(await alone.exit).toBe(0);
    expect(await whole()).toBe(true);
  }, 30_000);

  it.each([0, 1])('accepts Ctrl-C after a resize to %d columns during progress', async (columns) => {
    const narrow = await move(1, '300k', {});
    narrow.resize(columns);
    const shown = narrow.raw().length;
    await waitFor(() => narrow.raw().length > shown + 500, 'drawing to go on');
    narrow.type('\u0003');
    expect(await narrow.exit).toBe(130);
    expect(narrow.screen()).toContain('Interrupted');
    narrow.kill();
    const back = openTerminal(['reshard', at(0), '--from', at(1), '--to', at(0), '--slots', '0-399', '--yes']);
    expect(await back.exit).toBe(0);
  }, 30_000);

  it('accepts the answer to a question after Ctrl-Z and fg', async () => {
    terminal = openTerminal(['reshard', at(0), '--from', at(0), '--to', at(1), '--slots', '0-0'], { shell: true });
    await terminal.waitFor('Do you want to proceed');
    terminal.type('\u001a');
    await terminal.waitFor('Stopped');
    terminal.type('fg\r');
    await terminal.waitFor('Do you want to proceed');
    terminal.type('no\r');
    await terminal.waitFor('not confirmed');
    terminal.type('echo "ended with $?"; exit\r');
    await terminal.waitFor('ended with 4');
  });

  it('resumes a password question after Ctrl-Z', async () => {
    terminal = openTerminal(['check', at(0), '--askpass'], { shell: true });
    await terminal.waitFor('input password:');
    terminal.type('\u001a');
    await terminal.waitFor('Stopped');
    expect(terminal.raw().lastIndexOf(SHOW)).toBeGreaterThan(terminal.raw().lastIndexOf(HIDE)); // a password's cursor is hidden
    terminal.type('fg\r');
    await terminal.waitFor('input password:');
    terminal.type('\u0003');
    await terminal.waitFor('interrupted');
    terminal.type('echo "ended with $?"; exit\r');
    await terminal.waitFor('ended with 130');
  });

  describe.each([0, 1])('a terminal of %d columns while a question is open', (columns) => {
    const ask = async (): Promise<Terminal> => {
      terminal = openTerminal(['reshard', at(0), '--from', at(0), '--to', at(1), '--slots', '0-0']);
      await terminal.waitFor('Do you want to proceed');
      terminal.resize(columns);
      return terminal;
    };
    it('accepts Ctrl-C', async () => {
      const asked = await ask();
      asked.type('\u0003');
      expect(await asked.exit).toBe(130);
    });
    it('accepts an answer', async () => {
      const asked = await ask();
      asked.type('no\r');
      expect(await asked.exit).toBe(4);
    });
  });
});
