// `help environment` and the variables in --help: made from the option tables, so that none can be missing.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { commands } from '../../commands/index.js';
import { environmentVariables } from '../../src/cli/program/environment.js';
import { runHere } from '../support/broken-cluster.js';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));

/** Every variable of this program and of the predecessors that a text of the program names. */
function named(): string[] {
  const files = ['src', 'commands', 'bin'].flatMap((folder) =>
    readdirSync(join(ROOT, folder), { withFileTypes: true, recursive: true }).filter((entry) => entry.name.endsWith('.ts') && !entry.parentPath.includes('src/server')).map((entry) => join(entry.parentPath, entry.name)),
  );
  const found = files.flatMap((path) => readFileSync(path, 'utf8').match(/\b(REDIS_TRIB|REDISCLI|VALKEYCLI)_[A-Z_]*[A-Z]\b/g) ?? []);
  return [...new Set(found)].filter((name) => name !== 'REDIS_TRIB_RB' && name !== 'REDIS_TRIB_NODE');
}

describe('environment variables', () => {
  it('help environment lists every variable that the program names, each once', async () => {
    const { stdout, code } = await runHere(['help', 'environment']);
    expect(code).toBe(0);
    const names = named();
    expect(names.length).toBeGreaterThan(15);
    const titles = stdout.split('\n').filter((line) => /^ {2}\S/.test(line)).flatMap((line) => line.trim().split(', '));
    for (const name of names) expect(titles.filter((title) => title === name), name).toHaveLength(1);
    expect(JSON.parse((await runHere(['help', 'environment', '--json'])).stdout)).toMatchObject({ help: stdout.trimEnd() });
  });

  it('shows which option a variable sets', async () => {
    const { read } = await environmentVariables(commands);
    const meaning = (name: string): string | undefined => read.find((one) => one.name === name)?.meaning;
    expect(meaning('REDIS_TRIB_USER')).toBe('--user: ACL user');
    expect(meaning('VALKEYCLI_AUTH')).toMatch(/^--password: /);
    expect(meaning('REDIS_TRIB_FROM_AUTH')).toMatch(/^--from-pass of import: /);
  });

  it('--help names the variables of each option', async () => {
    const text = async (command: string): Promise<string> => (await runHere([command, '--help'])).stdout.replace(/\s+/g, ' ');
    const check = await text('check');
    for (const name of ['REDIS_TRIB_USER', 'REDIS_TRIB_OUTPUT', 'REDIS_TRIB_COMMAND_TIMEOUT', 'VALKEYCLI_AUTH, REDISCLI_AUTH']) expect(check).toContain(name.includes(',') ? 'env: VALKEYCLI_AUTH' : `env: ${name})`);
    expect(await text('import')).toContain('REDIS_TRIB_FROM_AUTH');
    expect(await text('reshard')).toContain('also VALKEYCLI_CLUSTER_YES=1 or REDISCLI_CLUSTER_YES=1');
  });

  it('are mentioned by the list of commands and by the completion of help', async () => {
    expect((await runHere(['help'])).stdout).toContain('redis-trib help environment');
  });
});
