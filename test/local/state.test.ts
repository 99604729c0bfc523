// The record of local nodes on disk.
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { makeFolder, nodeFolder, readState, removeState, requireUsable, writeState, type LocalState } from '../../src/local/state.js';

const state: LocalState = { schema: 1, host: '127.0.0.1', server: null, replicas: 0, nodes: [{ port: 30_001, pid: 12 }] };
let base = '';
beforeEach(() => (base = mkdtempSync(join(tmpdir(), 'redis-trib-state-'))));
afterEach(() => rmSync(base, { recursive: true, force: true }));

it('is written, read back, and removed with the folders of the nodes but no other content', async () => {
  const folder = join(base, 'local');
  await writeState(folder, state);
  expect(readState(folder)).toEqual(state);
  mkdirSync(nodeFolder(folder, 30_001));
  writeFileSync(join(folder, 'notes.txt'), 'mine');
  removeState(folder, state);
  expect(existsSync(nodeFolder(folder, 30_001))).toBe(false);
  expect(existsSync(join(folder, 'notes.txt'))).toBe(true);
  rmSync(join(folder, 'notes.txt'));
  await writeState(folder, state);
  removeState(folder, state);
  expect(existsSync(folder)).toBe(false);
});

it('creates several missing folders, and reports an error where none can be created (/proc)', async () => {
  await makeFolder(join(base, 'a', 'b', 'c'));
  await makeFolder(join(base, 'a', 'b', 'c'));
  expect(existsSync(join(base, 'a', 'b', 'c'))).toBe(true);
  writeFileSync(join(base, 'file'), '');
  const refused = expect.objectContaining({ code: 'NOT_WRITABLE', hint: 'choose another folder with --dir' }) as Error;
  for (const inTheWay of [join(base, 'file'), join(base, 'file', 'x', 'y')]) await expect(makeFolder(inTheWay)).rejects.toEqual(refused);
  if (existsSync('/proc/self')) await expect(makeFolder('/proc/x')).rejects.toEqual(refused);
});

it('is undefined in a folder without one, and refused when it is invalid', () => {
  expect(readState(base)).toBeUndefined();
  for (const text of ['', '{}', '[]', '{"schema":2}', '{"schema":1,"host":"h","nodes":[{"port":"x"}]}']) {
    writeFileSync(join(base, 'cluster.json'), text);
    expect(() => readState(base)).toThrow(expect.objectContaining({ code: 'BAD_STATE' }));
  }
});

it('is not written to a folder with other content', () => {
  requireUsable(base);
  requireUsable(join(base, 'not-there'));
  writeFileSync(join(base, 'thesis.tex'), '');
  expect(() => requireUsable(base)).toThrow(expect.objectContaining({ code: 'FOREIGN_FOLDER' }));
});
