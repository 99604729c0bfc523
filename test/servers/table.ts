// Makes docs/servers.md from a run of test/servers: subcommand × server, each cell standing for a test that ran.
// Run by `npm run docs:servers`; exit 1 when a test failed.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const PAGE = join('docs', 'servers.md');
const WORDS: Readonly<Record<string, string>> = { passed: 'works', failed: 'fails' };

interface TestResult {
  readonly ancestorTitles: readonly string[];
  readonly title: string;
  readonly status: string;
}

interface Table {
  readonly columns: readonly string[];
  /** Cells by column, by subcommand. */
  readonly rows: readonly (readonly [string, ReadonlyMap<string, string>])[];
}

/** Runs the tests; started from the root of the package. */
function results(): { readonly status: number; readonly tests: readonly TestResult[] } {
  const folder = mkdtempSync(join(tmpdir(), 'redis-trib-table-'));
  const file = join(folder, 'results.json');
  const run = spawnSync('npx', ['vitest', 'run', 'test/servers', '--reporter=default', '--reporter=json', `--outputFile.json=${file}`], { stdio: 'inherit', env: { ...process.env, REDIS_TRIB_REQUIRE_REDIS: '1' } });
  const { testResults } = JSON.parse(readFileSync(file, 'utf8')) as { readonly testResults: readonly { readonly assertionResults: readonly TestResult[] }[] };
  rmSync(folder, { recursive: true, force: true });
  return { status: run.status ?? 1, tests: testResults.flatMap(({ assertionResults }) => assertionResults) };
}

function table(tests: readonly TestResult[]): Table {
  const columnOf = ({ ancestorTitles }: TestResult): string => ancestorTitles[0] ?? '';
  const columns = [...new Set(tests.map(columnOf))].sort((a, b) => order(a) - order(b) || a.localeCompare(b));
  const rows = new Map<string, Map<string, string>>();
  for (const test of tests) {
    const { title, status } = test;
    const row = rows.get(title) ?? new Map<string, string>();
    row.set(columnOf(test), WORDS[status] ?? 'did not run');
    rows.set(title, row);
  }
  return { columns, rows: [...rows].sort(([a], [b]) => a.localeCompare(b)) };
}

/** Plain servers first, then mixed ones. */
function order(title: string): number {
  return title.includes('+') ? 1 : 0;
}

function page({ columns, rows }: Table): string {
  const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;
  const body = rows.map(([name, row]) => line([`\`${name}\``, ...columns.map((column) => row.get(column) ?? '—')]));
  return [
    '# Subcommands on real servers',
    '',
    'Made by `npm run docs:servers`; do not edit. Each cell is a test in `test/servers` that ran: three masters with a replica',
    'each, the real effect of the subcommand, and every key counted and read afterwards. In the mixed columns keys move from the older',
    'servers to the newer; the way back is refused before a slot is opened, as the older ones cannot read what the newer write.',
    '',
    line(['subcommand', ...columns]),
    line(['---', ...columns.map(() => '---')]),
    ...body,
    '',
    '`completion`, `demo` and `help` talk to no server of yours.',
    '',
  ].join('\n');
}

const { status, tests } = results();
writeFileSync(PAGE, page(table(tests)));
process.exitCode = status;
