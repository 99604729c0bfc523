// README and docs: links resolve, every shown command line is one that the program takes, the local tour and the examples run.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, it } from 'vitest';
import { commands } from '../../commands/index.js';
import { OptionIndex, readInvocation } from '../../src/cli/program/argv.js';
import { parseLine } from '../../src/cli/program/parse.js';
import { connectionOptions, mutationOptions, terminalOptions } from '../../src/cli/options/shared-options.js';
import { plainStyle } from '../../src/ui/style.js';
import { cleanEnv, runCli } from '../support/cli.js';
import { keptPorts } from '../support/redis-server.js';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const shared = new OptionIndex({ ...terminalOptions, ...connectionOptions, ...mutationOptions });
const PAGES = ['README.md', 'CONTRIBUTING.md', ...readdirSync(join(ROOT, 'docs')).filter((name) => name.endsWith('.md')).map((name) => `docs/${name}`)];
const read = (path: string): string => readFileSync(join(ROOT, path), 'utf8');

/** Lines of code blocks that call the program, without prompt, comment and `npx`. */
function shownCommands(text: string): string[] {
  const blocks = [...text.matchAll(/^```\w*\n([^]*?)^```/gm)].flatMap(([, body]) => body!.split('\n'));
  return blocks.map((line) => line.replace(/^\$ /, '').replace(/^npx (--yes )?/, '').replace(/\s+#.*$/, '')).filter((line) => line.startsWith('redis-trib '));
}

const words = (line: string): string[] => (line.slice('redis-trib '.length).match(/'[^']*'|"[^"]*"|\S+/g) ?? []).map((word) => word.replace(/^(['"])(.*)\1$/, '$2'));

describe('README', () => {
  it('is short', () => {
    expect(read('README.md').split('\n').length).toBeLessThanOrEqual(150);
  });

  it.each(PAGES)('%s: its links lead to files', (page) => {
    const targets = [...read(page).matchAll(/\]\((?!https?:|#)([^)#]+)(#[^)]*)?\)/g)].map((match) => match[1]!);
    expect(targets.filter((target) => !existsSync(join(ROOT, dirname(page), target)))).toEqual([]);
  });

  it.each(['README.md', 'docs/moving-slots.md'])('has only commands in %s that the parser accepts', async (page) => {
    const lines = shownCommands(read(page));
    expect(lines.length).toBeGreaterThan(0);
    for (const line of lines) {
      const invocation = readInvocation(words(line), shared);
      if (invocation.kind !== 'command') throw new Error(`not a command: ${line}`);
      const { name, words: argv, legacy } = invocation;
      const entry = commands.find((one) => one.name === name);
      if (entry === undefined) throw new Error(`no subcommand ${name}: ${line}`);
      const { default: command } = await entry.load();
      await parseLine({ name, summary: entry.summary, command, argv, legacy, env: {}, config: {}, style: plainStyle });
    }
  });
});

describe('the examples of the README', () => {
  const folder = mkdtempSync(join(tmpdir(), 'redis-trib-readme-'));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  it('local up, check and local clean run', async () => {
    // The default ports may be in use here: the bus ports are within the range of clients' ports.
    expect(await runCli(['local', 'up', '--json', '--port', String(await keptPorts(6))], { cwd: folder })).toMatchObject({ code: 0 });
    try {
      const { nodes } = JSON.parse((await runCli(['local', 'status', '--json'], { cwd: folder })).stdout) as { nodes: readonly { port: number }[] };
      const check = await runCli(['check', `127.0.0.1:${nodes[0]!.port}`], { cwd: folder });
      expect(check).toMatchObject({ code: 0 });
      expect(check.stdout).toContain('[OK] All 16384 slots covered.');
    } finally {
      expect(await runCli(['local', 'clean', '--yes'], { cwd: folder })).toMatchObject({ code: 0 });
    }
  });

  it('the example that plans and applies runs', () => {
    const run = spawnSync(process.execPath, ['examples/reshard.mjs'], { cwd: ROOT, encoding: 'utf8', env: cleanEnv() });
    expect(run).toMatchObject({ status: 0 });
    expect([...run.stdout.matchAll(/^127.*: (\d+) slots$/gm)].map((match) => Number(match[1])).sort()).toEqual([5361, 5461, 5562]);
  });
});
