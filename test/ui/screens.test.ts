// The screens of check, info, nodes and of plans, at 60 and 120 columns, with UTF-8 and in the C locale: whole screens as
// files in screens/. None has a line wider than the terminal, but for sentences.
import { Readable, Writable } from 'node:stream';
import { describe, expect, it } from 'vitest';
import type { NodeReport } from '../../src/apply/cluster/node-facts.js';
import { checkView } from '../../src/cluster/findings.js';
import { SLOT_COUNT } from '../../src/cluster/slots.js';
import type { SubcommandContext } from '../../src/cli/program/define.js';
import { SlotSet } from '../../src/cluster/slot-set.js';
import { planCreate } from '../../src/plan/create.js';
import { planFix } from '../../src/plan/fix/plan.js';
import { planReshard } from '../../src/plan/reshard.js';
import { createIo, type Io } from '../../src/ui/io.js';
import { cutText, fitted } from '../../src/ui/table.js';
import { nodesTable, verdictLines } from '../../src/ui/views/check-table.js';
import { renderLocal } from '../../src/cli/output/local-report.js';
import { createPlanTable } from '../../src/ui/views/create-lines.js';
import { fixPlanTable } from '../../src/ui/views/fix-table.js';
import { nodeReportsTable } from '../../src/ui/views/node-reports.js';
import { reshardTable } from '../../src/ui/views/reshard-lines.js';
import { slotMap } from '../../src/ui/views/slot-map.js';
import { idOf, viewOf } from '../support/views.js';

interface Screen {
  readonly io: Io;
  text(): string;
}

class Collector extends Writable {
  readonly isTTY = true;
  text = '';
  constructor(readonly columns: number) {
    super();
  }
  override _write(chunk: Buffer, _: string, done: () => void): void {
    this.text += chunk.toString();
    done();
  }
}

async function screenOf(columns: number, env: Readonly<Record<string, string>>, quiet = false): Promise<Screen> {
  const [stdout, stderr] = [new Collector(columns), new Collector(columns)];
  const io = await createIo({ stdin: Readable.from([]), stdout, stderr }, { NO_COLOR: '1', ...env }, { quiet });
  return { io, text: () => stdout.text + stderr.text };
}

/** Masters out of order, replicas of the first before the others, an open slot, and a node that is away. */
const view = viewOf(
  [
    { slots: `10923-16383 [10950->-${idOf(1)}]`, host: '10.0.0.30' },
    { slots: '0-5460', host: '10.0.0.4' },
    { replicaOf: 0, host: '10.0.0.5' },
    { slots: '5461-10000 10002 10004 10006 10008-10922', host: '10.0.0.20' },
    { replicaOf: 1, host: '10.0.0.6', flags: 'fail?' },
  ],
  [{ id: idOf(9), name: '10.0.0.7:7009', role: 'replica', masterId: idOf(3), flags: ['fail'], slots: new SlotSet(), reason: '10.0.0.7:7009 refused the connection (ECONNREFUSED): is the server running?' }],
);
const keys = new Map([[idOf(0), 1_234_567], [idOf(1), 42], [idOf(3), 0]]);

const reports = view.nodes.map((node, index): NodeReport => ({
  node,
  facts: index === 3 ? undefined : { version: '7.0.15', server: index === 1 ? 'valkey' : 'redis', uptimeSeconds: 123_456, memoryBytes: 123_456_789, clients: 3, keys: 1_234_567, offset: 9_876_543_210, link: node.role === 'replica' ? (index === 4 ? 'down' : 'up') : undefined, silentSeconds: 12 },
  failure: index === 3 ? 'NOPERM this user has no permissions to run the info command' : undefined,
  lag: node.role === 'replica' ? 4096 : undefined,
  unlinked: 0,
}));

const SCREENS: Readonly<Record<string, (io: Io) => Promise<string>>> = {
  check: async (io) => [await nodesTable(io, view, keys), '', ...verdictLines(io, view, checkView(view))].join('\n'),
  info: (io) => nodesTable(io, view, keys),
  nodes: (io) => nodeReportsTable(io, view, reports),
  slots: (io) => slotMap(io, view),
  'reshard-plan': (io) => reshardTable(io, view, planReshard(view, { amount: { count: 1000 }, from: 'all', to: [idOf(3)] })),
  'create-plan': (io) => createPlanTable(io, planCreate(['10.0.0.20', '10.0.0.4', '10.0.0.30'].flatMap((host, index) => [7000, 7001].map((port) => ({ id: idOf(index * 2 + port - 7000), name: `${host}:${port}`, host, port }))), { replicas: 1 })),
  'fix-plan': (io) => Promise.resolve(fixPlanTable(io, planFix(view, new Map([[idOf(0), new Uint32Array(SLOT_COUNT).fill(3, 10_950, 10_951)]]))).join('\n')),
};
const LOCALES = { utf8: { LANG: 'C.UTF-8' }, c: { LANG: 'C' } } as const;

describe.each(Object.entries(SCREENS))('%s', (name, draw) => {
  it.each([60, 120].flatMap((columns) => (['utf8', 'c'] as const).map((locale) => [columns, locale] as const)))('at %i columns, locale %s', async (columns, locale) => {
    const { io, text } = await screenOf(columns, LOCALES[locale]);
    io.out(await draw(io));
    if (locale === 'c') expect(text()).toMatch(/^[\n -~]*$/);
    const rows = text().split('\n').filter((line) => !/^([✔✖⚠+x!?·.] |\s{6})|:.* /.test(line)); // sentences the terminal may break
    for (const row of rows) expect(row.length, row).toBeLessThanOrEqual(columns);
    await expect(text()).toMatchFileSnapshot(`screens/${name}-${columns}-${locale}.txt`);
  });
});

describe('tables', () => {
  it('rows are in address order, masters followed by their replicas', async () => {
    const { io } = await screenOf(120, LOCALES.utf8);
    const hosts = (await nodesTable(io, view, keys)).split('\n').slice(1).map((line) => line.trim().split(/[ :]/)[0]);
    expect(hosts).toEqual(['10.0.0.4', '10.0.0.6', '10.0.0.20', '10.0.0.30', '10.0.0.5']);
  });

  it('leave out the least important columns first, then cut texts', () => {
    const columns = [{ title: 'name' }, { title: 'more', dispensable: 1 }, { title: 'most', dispensable: 2 }, { title: 'text', cuttable: true }];
    const rows = [['aaaa', 'bbbb', 'cccc', 'x'.repeat(20)]];
    const titles = (width: number): string[] => fitted(columns, rows, width).columns.map(({ title }) => title);
    expect(titles(38)).toEqual(['name', 'more', 'most', 'text']);
    expect(titles(37)).toEqual(['name', 'more', 'text']);
    expect(fitted(columns, rows, 20).rows).toEqual([['aaaa', `${'x'.repeat(13)}…`]]);
    expect(fitted(columns, rows, Infinity).rows).toEqual(rows);
  });

  it('end the colours of a text that is cut', () => {
    expect(cutText('\u001b[31mabcdef\u001b[39m', 4)).toBe('\u001b[31mabc…\u001b[39m');
  });

  it('are not cut in a pipe', async () => {
    const stdout = new Writable({ write: (_chunk, _encoding, done) => done() });
    const io = await createIo({ stdin: Readable.from([]), stdout, stderr: stdout }, {}, { output: 'table' });
    expect(io.tableWidth).toBe(Infinity);
  });
});

describe('the locale', () => {
  it.each<[Readonly<Record<string, string>>, boolean]>([
    [{ LANG: 'C' }, true],
    [{ LANG: 'POSIX' }, true],
    [{ LC_ALL: 'C', LANG: 'en_US.UTF-8' }, true],
    [{ LC_CTYPE: 'C.utf8', LANG: 'C' }, false],
    [{ LANG: 'de_DE.UTF-8' }, false],
    [{}, false],
  ])('%j: ASCII %s, on both streams', async (env, ascii) => {
    const { io, text } = await screenOf(80, env);
    io.out('✔ a → b █░…');
    io.note('Moving slots…');
    expect(text()).toBe(ascii ? '+ a > b #....\nMoving slots...\n' : '✔ a → b █░…\nMoving slots…\n');
  });

  it('does not change documents and lines for programs', async () => {
    const out = new Collector(80);
    const io = await createIo({ stdin: Readable.from([]), stdout: out, stderr: out }, { LANG: 'C' }, { output: 'plain' });
    io.out('key ✔ → …');
    expect(out.text).toBe('key ✔ → …\n');
  });
});

it('does not print notes and progress with --quiet, but errors', async () => {
  const { io, text } = await screenOf(80, LOCALES.utf8, true);
  io.note('a note', 'always-stderr');
  const progress = await io.progress('Working', { unit: 'slots', total: 2 });
  progress.update(1);
  progress.succeed('done');
  io.error('an error');
  expect(text()).toBe('an error\n');
});

it('local call indents the further lines of a reply at a terminal', async () => {
  const { io, text } = await screenOf(80, LOCALES.utf8);
  const answers = [{ port: 30_001, reply: 'one\r\ntwo\r\n', failure: undefined }];
  await renderLocal({ action: 'call', folder: '/f', nodes: [], changed: [], created: false, logs: [], answers, dryRun: false }, { io, cwd: '/' } as unknown as SubcommandContext);
  expect(text()).toBe('30001: one\n  two\n');
});
