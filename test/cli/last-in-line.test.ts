// Giving cores away to servers, and taking one's share again where nothing is left over. What the kernel says is Linux'.
import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { mayComeBack, parseCoreTime, starvedBetween } from '../../src/cli/last-in-line.js';
import { waitFor } from '../support/redis-server.js';

const [ORDINARY, IDLE] = ['0', '5'];
/** Elsewhere, or without these programs, nothing changes: then that is what is expected. */
const able =
  process.platform === 'linux' &&
  ['chrt', 'taskset'].every((name) => spawnSync(name, ['--version']).error === undefined) &&
  mayComeBack(readFileSync('/proc/self/status', 'latin1'), readFileSync('/proc/self/limits', 'latin1'), 0);

const start = parseCoreTime('100000000 20000000 4000\n');

it.each([
  ['nothing to do', '101000000 20000000 4001\n', false],
  ['a busy machine', '200000000 220000000 5000\n', false],
  ['next to nothing', '110000000 220000000 5000\n', true],
  ['nothing at all', '100000000 520000000 5000\n', true],
  ['not Linux', '', false],
])('%s', (_, text, starved) => expect(starvedBetween(start, parseCoreTime(text))).toBe(starved));

const ROOT = 'Name:\tnode\nCapEff:\t000001ffffffffff\n';
const CONTAINER = 'Name:\tnode\nCapEff:\t00000000a80425fb\n'; // a container's root: most rights, not that one
const USER = 'Name:\tnode\nCapEff:\t0000000000000000\n';
const limits = (nice: string): string => `Limit Soft Hard Units\nMax file size   unlimited  unlimited  bytes\nMax nice priority         ${nice}                    ${nice}\nMax realtime priority 0 0\n`;

it.each([
  ['root', ROOT, limits('0'), true],
  ["a container's root", CONTAINER, limits('0'), false],
  ['a user', USER, limits('0'), false],
  ['a user who may be as nice as it is', USER, limits('10'), true],
  ['a user without limits', USER, limits('unlimited'), true],
  ['not Linux', '', '', false],
])('%s goes last only when there is a way back', (_, status, text, able) => expect(mayComeBack(status, text, 10)).toBe(able));

const policyOf = (child: ChildProcess): string => (readFileSync(`/proc/${child.pid}/stat`, 'latin1').split(') ')[1] ?? '').split(' ')[38] ?? '';
const onFirstCore = (...command: readonly string[]): ChildProcess => spawn(able ? 'taskset' : 'env', [...(able ? ['-c', '0'] : []), ...command], { stdio: ['ignore', 'pipe', 'inherit'] });

it('a program that works beside a busy one gets last in line, and out of it again when it starves there', async () => {
  const library = new URL('../../dist/src/cli/last-in-line.js', import.meta.url).href;
  // Works in small steps for ten seconds at most; says when each of its seconds of life is over.
  const program = `
    const { goLast } = await import(${JSON.stringify(library)});
    const end = Date.now() + 10000;
    const step = () => { const until = Date.now() + 5; while (Date.now() < until); if (Date.now() < end) setImmediate(step); };
    goLast();
    step();
    process.stdout.write('begun');`;
  const child = onFirstCore(process.execPath, '--input-type=module', '-e', program);
  let other: ChildProcess | undefined;
  try {
    await new Promise((resolve) => child.stdout?.once('data', resolve));
    if (!able) return expect(child.exitCode).toBeNull(); // it works all the same
    await waitFor(() => Promise.resolve(policyOf(child) === IDLE), 'it to be last in line');
    other = onFirstCore(process.execPath, '-e', 'const end = Date.now() + 8000; while (Date.now() < end);');
    await waitFor(() => Promise.resolve(policyOf(child) === ORDINARY), 'it to have its turn again');
  } finally {
    child.kill('SIGKILL');
    other?.kill('SIGKILL');
  }
});
