// Output files chosen by the user: files are replaced as a whole, links are kept, devices and pipes are written to.
import { spawn, spawnSync } from 'node:child_process';
import { existsSync, lstatSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { writeWhole } from '../../src/files/whole-file.js';

let folder = '';
beforeEach(() => void (folder = mkdtempSync(join(tmpdir(), 'redis-trib-whole-'))));
afterEach(() => rmSync(folder, { recursive: true, force: true }));
const at = (name: string): string => join(folder, name);
const never = new AbortController().signal;
const devices = existsSync('/dev/full');

it('creates a file, replaces one, and leaves no draft', async () => {
  await writeWhole(at('new'), 'one', never);
  expect(readFileSync(at('new'), 'utf8')).toBe('one');
  await writeWhole(at('new'), 'two', never);
  expect(readFileSync(at('new'), 'utf8')).toBe('two');
  expect(readdirSync(folder)).toEqual(['new']);
});

it('replaces the target of a symbolic link, not the link', async () => {
  mkdirSync(at('deep'));
  writeFileSync(at('deep/file'), 'old');
  symlinkSync('deep', at('folder'));
  symlinkSync('folder/../deep/file', at('first'));
  symlinkSync(at('first'), at('second'));
  await writeWhole(at('second'), 'new', never);
  expect(readFileSync(at('deep/file'), 'utf8')).toBe('new');
  expect([at('first'), at('second')].map((path) => lstatSync(path).isSymbolicLink())).toEqual([true, true]);
  expect(readdirSync(at('deep'))).toEqual(['file']);
});

it('creates the target of a dangling link, and fails for circular links and directories', async () => {
  symlinkSync('later', at('dangling'));
  await writeWhole(at('dangling'), 'text', never);
  expect(readFileSync(at('later'), 'utf8')).toBe('text');
  symlinkSync('b', at('a'));
  symlinkSync('a', at('b'));
  await expect(writeWhole(at('a'), 'text', never)).rejects.toThrow('too many symbolic links');
  mkdirSync(at('directory'));
  await expect(writeWhole(at('directory'), 'text', never)).rejects.toThrow(/EISDIR|EPERM|ENOTEMPTY|EEXIST/);
  await expect(writeWhole(at('none/file'), 'text', never)).rejects.toMatchObject({ code: 'ENOENT' });
  expect(readdirSync(folder).filter((name) => name.endsWith('.tmp'))).toEqual([]);
});

it.runIf(devices)('writes to a device instead of replacing it, and fails for a full one', async () => {
  symlinkSync('/dev/full', at('full'));
  await expect(writeWhole(at('full'), 'text', never)).rejects.toMatchObject({ code: 'ENOSPC' });
  await writeWhole('/dev/null', 'text', never);
  expect(lstatSync('/dev/null').isCharacterDevice() && lstatSync('/dev/full').isCharacterDevice()).toBe(true);
});

it.runIf(devices)('writes to a named pipe once it has a reader, and a signal ends the wait', async () => {
  expect(spawnSync('mkfifo', [at('pipe')]).status).toBe(0);
  const stop = new AbortController();
  const deserted = writeWhole(at('pipe'), 'text', stop.signal);
  stop.abort();
  await expect(deserted).rejects.toMatchObject({ name: 'AbortError' });
  const reader = spawn('cat', [at('pipe')], { stdio: ['ignore', 'pipe', 'inherit'] });
  let got = '';
  reader.stdout.on('data', (chunk: Buffer) => (got += chunk.toString()));
  const ended = new Promise((resolve) => reader.once('close', resolve));
  const long = 'x'.repeat(200_000);
  await writeWhole(at('pipe'), long, never);
  await ended;
  expect(got).toBe(long);
  expect(lstatSync(at('pipe')).isFIFO()).toBe(true);
});
