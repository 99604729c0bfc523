// Long time slices: who gets them, and what stays as it was. What the kernel says is Linux'.
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { release } from 'node:os';
import { expect, it } from 'vitest';
import { mayComeBack } from '../../src/cli/last-in-line.js';
import { knowsSlices } from '../../src/cli/long-slices.js';

it.each([
  ['linux', '6.12.0', true],
  ['linux', '6.18.44-some-build', true],
  ['linux', '7.0.1-generic', true],
  ['linux', '6.8.0-45-generic', false],
  ['linux', '5.15.0', false],
  ['linux', 'unknown', false],
  ['darwin', '24.1.0', false],
] as const)('%s %s knows slices: %s', (platform, version, known) => expect(knowsSlices(platform, version)).toBe(known));

const library = (name: string): string => JSON.stringify(new URL(`../../dist/src/cli/${name}.js`, import.meta.url).href);

/** Runs a program of ours and answers what it printed; `wrap`: what runs it. */
function said(program: string, wrap: readonly string[] = [], env: NodeJS.ProcessEnv = process.env): string {
  const [command = '', ...args] = [...wrap, process.execPath, '--input-type=module', '-e', program];
  return spawnSync(command, args, { env, encoding: 'utf8' }).stdout;
}

/** Elsewhere nothing changes: then that is what is expected. */
const able = knowsSlices(process.platform, release()) && ['x64', 'arm64', 'riscv64'].includes(process.arch) && spawnSync('perl', ['-v']).status === 0;

/** Class and niceness of every thread of this program. */
const THREADS = `
  const { readdirSync, readFileSync } = await import('node:fs');
  const threads = () => readdirSync('/proc/self/task').map((id) => (readFileSync('/proc/self/task/' + id + '/stat', 'latin1').split(') ')[1] ?? '').split(' ')).map((stat) => stat[38] + ' nice ' + stat[16]);`;

it('every thread gets into the batch class, and stays as nice as it was', () => {
  if (process.platform !== 'linux') return expect(able).toBe(false);
  const program = `
    const { takeLongSlices } = await import(${library('long-slices')});
    const { setPriority } = await import('node:os');${THREADS}
    setPriority(7);
    const before = threads();
    const taken = await takeLongSlices();
    console.log(JSON.stringify({ before, taken, after: threads() }));`;
  const { before, taken, after } = JSON.parse(said(program)) as { before: string[]; taken: boolean; after: string[] };
  expect(before).toContain('0 nice 7');
  expect(taken).toBe(able);
  // Helpers may have started or ended meanwhile.
  expect(new Set(after)).toEqual(new Set(able ? before.map((thread) => thread.replace(/^0/, '3')) : before));
});

it('where perl is missing everything stays as it is', () => {
  const program = `const { takeLongSlices } = await import(${library('long-slices')}); console.log(await takeLongSlices());`;
  expect(said(program, [], { ...process.env, PATH: '/nowhere' })).toBe('false\n');
});

const mayNow = process.platform === 'linux' && mayComeBack(readFileSync('/proc/self/status', 'latin1'), readFileSync('/proc/self/limits', 'latin1'), 0);
/** Takes the right to come back out of the idle class from who has it. */
const WITHOUT_RIGHTS = mayNow ? ['prlimit', '--nice=0:0', 'setpriv', '--inh-caps=-sys_nice', '--bounding-set=-sys_nice'] : [];

it('who may not come back from the idle class is last in line by long slices', () => {
  if (process.platform !== 'linux') return expect(able).toBe(false);
  const program = `const { goLast, isLast } = await import(${library('last-in-line')});${THREADS}
    await goLast();
    console.log(isLast(), threads().every((thread) => thread.startsWith('3')));`;
  expect(said(program, WITHOUT_RIGHTS)).toBe(able ? 'true true\n' : 'false false\n');
});
