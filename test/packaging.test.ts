// The package: the files in the tarball, and that it installs without scripts into an empty folder and runs.
import { execFileSync, spawnSync } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const ROOT = fileURLToPath(new URL('..', import.meta.url));

interface Manifest {
  readonly version: string;
  readonly dependencies: Readonly<Record<string, string>>;
  readonly bin: Readonly<Record<string, string>>;
  readonly scripts: Readonly<Record<string, string>>;
  readonly exports: Readonly<Record<string, string | Readonly<Record<'import' | 'require', { readonly types: string; readonly default: string }>>>>;
}

const manifest = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as Manifest;

describe('the package', () => {
  let folder = '';
  let tarball = '';
  let files: string[] = [];

  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'redis-trib-pack-'));
    // --ignore-scripts: dist/ is there already, and building it again would pull it from under the other tests.
    const packed = execFileSync('npm', ['pack', '--json', '--ignore-scripts', '--pack-destination', folder], { cwd: ROOT, encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] });
    const [info] = JSON.parse(packed) as { filename: string; files: { path: string }[] }[];
    if (info === undefined) throw new Error('npm pack made nothing');
    tarball = join(folder, info.filename);
    files = info.files.map((file) => file.path);
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  it('contains what users need and nothing else', () => {
    const others = files.filter((path) => !/^dist\/(bin|commands|(cjs\/)?src)\/.*\.(js|d\.ts)$|^docs\/.*\.(md|svg)$/.test(path));
    expect(others.sort()).toEqual(['CHANGELOG.md', 'CONTRIBUTING.md', 'LICENSE', 'README.md', 'SECURITY.md', 'dist/cjs/package.json', 'examples/cluster.jest.cjs', 'examples/cluster.test.mjs', 'examples/github-actions.yml', 'examples/reshard.mjs', 'man/redis-trib-server.1', 'man/redis-trib.1', 'package.json']);
    for (const target of Object.values(manifest.bin)) expect(files).toContain(target);
  });

  it('contains the pages that its README links to', () => {
    const links = [...readFileSync(join(ROOT, 'README.md'), 'utf8').matchAll(/\]\(([\w./-]+\.(?:md|svg))[^)]*\)/g)].map(([, path]) => path ?? '');
    expect(links.length).toBeGreaterThan(5);
    expect(links.filter((path) => !files.includes(path))).toEqual([]);
  });

  it('contains the examples that its pages link to', () => {
    const links = [...readFileSync(join(ROOT, 'docs/library.md'), 'utf8').matchAll(/\]\(\.\.\/(examples\/[\w./-]+)\)/g)].map(([, path]) => path ?? '');
    expect(links.length).toBeGreaterThan(3);
    expect(links.filter((path) => !files.includes(path))).toEqual([]);
  });

  it('contains everything that its manifest names', () => {
    const targets = Object.values(manifest.exports).flatMap((target) => (typeof target === 'string' ? [target] : [target.import, target.require].flatMap(({ types, default: code }) => [types, code])));
    for (const target of targets) expect(files).toContain(target.replace('./', ''));
  });

  it('contains programs with the x bit after a build', () => {
    const made = join(folder, 'checkout', 'dist', 'bin', 'tool.js');
    mkdirSync(dirname(made), { recursive: true });
    writeFileSync(made, '', { mode: 0o644 });
    const marking = manifest.scripts['build']?.split(' && ').at(-1) ?? '';
    expect(spawnSync(marking, { shell: true, cwd: join(folder, 'checkout'), encoding: 'utf8' })).toMatchObject({ status: 0 });
    if (process.platform !== 'win32') expect(statSync(made).mode & 0o777).toBe(0o755);
  });

  it('runs no script when it is installed, and is built when it is installed from git', () => {
    expect(Object.keys(manifest.scripts).filter((name) => /^(pre|post)?install$/.test(name))).toEqual([]);
    expect(manifest.scripts['prepare']).toContain('build');
  });

  it('runs from an empty folder after an install without scripts or network', () => {
    const home = join(folder, 'home');
    mkdirSync(join(home, 'node_modules'), { recursive: true });
    writeFileSync(join(home, 'package.json'), '{"private":true}');
    const own = join(home, 'node_modules', 'redis-trib');
    mkdirSync(own);
    execFileSync('tar', ['-xzf', tarball, '-C', own, '--strip-components=1']);
    // What npm would fetch is linked from here, so that the test needs no registry: our own dependencies, nothing of development.
    for (const name of Object.keys(manifest.dependencies)) {
      const link = join(home, 'node_modules', name);
      mkdirSync(dirname(link), { recursive: true });
      symlinkSync(join(ROOT, 'node_modules', name), link, 'junction');
    }
    mkdirSync(join(home, 'node_modules', '.bin'));
    for (const target of Object.values(manifest.bin)) chmodSync(join(own, target), 0o755); // as npm does for bins
    symlinkSync(join(own, manifest.bin['redis-trib'] ?? ''), join(home, 'node_modules', '.bin', 'redis-trib'));
    const run = spawnSync('npx', ['--no-install', 'redis-trib', '--version'], { cwd: home, encoding: 'utf8' });
    expect(run.stdout.trim()).toBe(manifest.version);
    expect(run.status).toBe(0);
    expect(existsSync(join(home, 'node_modules', 'typescript'))).toBe(false);
    for (const entry of ['redis-trib', 'redis-trib/testing', 'redis-trib/server']) {
      const program = `const one = require('${entry}'); import('${entry}').then((other) => console.log(Object.keys(one).filter((name) => !(name in other)).length, Object.keys(one).length > 3));`;
      expect(spawnSync(process.execPath, ['-e', program], { cwd: home, encoding: 'utf8' })).toMatchObject({ status: 0, stdout: '0 true\n' });
    }
    const usage = spawnSync('npx', ['--no-install', 'redis-trib', 'reshard', '--help'], { cwd: home, encoding: 'utf8' });
    expect(usage.stdout).toContain('Usage: redis-trib reshard');
  });
});
