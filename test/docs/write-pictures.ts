// Writes docs/demo.svg and docs/reshard.svg from real runs: npm run docs:pictures.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { terminalPicture } from './terminal-picture.js';

const CLI = resolve('dist/bin/redis-trib.js');
const folder = mkdtempSync(join(tmpdir(), 'redis-trib-picture-'));

/** Runs the CLI in the temporary folder. Throws when it fails. */
function run(words: readonly string[]): string {
  const done = spawnSync(process.execPath, [CLI, ...words], { cwd: folder, encoding: 'utf8', env: { ...process.env, FORCE_COLOR: '1', LANG: 'C.UTF-8', COLUMNS: '100' } });
  if (done.status !== 0) throw new Error(`redis-trib ${words.join(' ')}: ${done.stderr}`);
  return done.stdout;
}

try {
  writeFileSync('docs/demo.svg', terminalPicture('npx redis-trib demo', run(['demo', '-o', 'table'])));
  run(['local', 'up']);
  const reshard = ['reshard', '127.0.0.1:30001', '--from', 'all', '--to', '127.0.0.1:30003', '--slots', '1000', '--yes', '-o', 'table'];
  const check = ['check', '127.0.0.1:30001', '-o', 'table'];
  const shown = `${run(reshard)}\u001b[90m$\u001b[0m npx redis-trib check 127.0.0.1:30001\n${run(check)}`;
  writeFileSync('docs/reshard.svg', terminalPicture(`npx redis-trib ${reshard.slice(0, -2).join(' ')}`, shown));
} finally {
  spawnSync(process.execPath, [CLI, 'local', 'clean', '--yes'], { cwd: folder });
  rmSync(folder, { recursive: true, force: true });
}
