// Pages that are made from the tables of options, commands and parameters are current, and man takes the manual pages.
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { commands } from '../../commands/index.js';
import { PARAMETERS } from '../../src/server/config/parameters/index.js';
import { currentPages } from './pages.js';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const pages = await currentPages(ROOT);
const groff = spawnSync('groff', ['--version']).status === 0;

describe.each([...pages])('%s', (path, text) => {
  it('is current (npm run docs:pages)', () => {
    expect(readFileSync(join(ROOT, path), 'utf8')).toBe(text);
  });

});

describe.each([...pages].filter(([path]) => path.startsWith('man/')))('%s', (path) => {
  it('is named in the package', () => {
    const { man, files } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as { man: string[]; files: string[] };
    expect(man).toContain(`./${path}`);
    expect(files).toContain('man');
  });

  it.skipIf(!groff)('groff formats it without a warning', () => {
    const run = spawnSync('groff', ['-man', '-Tutf8', '-ww', '-P-cbou', join(ROOT, path)], { encoding: 'utf8' });
    expect(run).toMatchObject({ status: 0, stderr: '' });
    const words = run.stdout.replace(/\u2010\n\s*/g, '').replaceAll('\u2212', '-');
    for (const name of path.includes('server') ? PARAMETERS.filter(({ hidden }) => !hidden).map((one) => `--${one.name}`) : commands.map((one) => one.name)) expect(words).toContain(name);
  });
});
