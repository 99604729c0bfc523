// Drafts and the writing of whole files: names are unpredictable, links are not followed, no draft remains.
import { existsSync, lstatSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, statSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Staging } from '../../src/apply/backup/staging.js';
import { earlierFiles, rdbName } from '../../src/apply/backup/nodes-json.js';
import { clearLeftovers, openDraft } from '../../src/files/draft.js';
import { replaceFile, writeWhole } from '../../src/files/whole-file.js';
import { requireUsable, writeState } from '../../src/local/state.js';

let folder = '';
beforeEach(() => void (folder = mkdtempSync(join(tmpdir(), 'redis-trib-draft-'))));
afterEach(() => rmSync(folder, { recursive: true, force: true }));
const at = (name: string): string => join(folder, name);
const modeOf = (path: string): number => statSync(path).mode & 0o777;

/** No process has this id: Linux' ids end at 4194304. */
const GONE = 9_999_999;

async function* pieces(text: string): AsyncGenerator<Buffer> {
  yield await Promise.resolve(Buffer.from(text));
}

it('makes private drafts with names that differ each time', async () => {
  const drafts = [await openDraft(folder), await openDraft(folder)];
  expect(new Set(drafts.map(({ path }) => path)).size).toBe(2);
  for (const { path, handle } of drafts) {
    expect(modeOf(path)).toBe(0o600);
    await handle.close();
  }
});

it('removes drafts of ended runs and old ones, and nothing else', async () => {
  const { path: own, handle } = await openDraft(folder);
  await handle.close();
  const dead = own.replace(`.${process.pid}.`, `.${GONE}.`);
  const young = dead.replace(/trib\.[0-9a-f]{8}/, 'trib.00000000').replace(/[0-9a-f]{16}/, '0'.repeat(16));
  const elsewhere = dead.replace(/trib\.[0-9a-f]{8}/, 'trib.00000000');
  const former = at(`.redis-trib-backup.${GONE}.x.rdb.part`);
  const link = dead.replace(/[0-9a-f]{16}/, '1'.repeat(16));
  for (const path of [dead, young, elsewhere, former, at('other.part')]) writeFileSync(path, 'half');
  symlinkSync(at('other.part'), link);
  for (const path of [own, dead, elsewhere, former, at('other.part')]) utimesSync(path, Date.now() / 1000 - 3600, Date.now() / 1000 - 3600);
  await clearLeftovers(folder);
  expect([dead, former].filter((path) => existsSync(path))).toEqual([]);
  expect([own, young, elsewhere, at('other.part')].filter((path) => !existsSync(path))).toEqual([]);
  expect(lstatSync(link).isSymbolicLink()).toBe(true);
  utimesSync(elsewhere, 1, 1);
  await replaceFile(at('any'), 'text'); // the next run clears
  expect(existsSync(elsewhere)).toBe(false);
});

it('removes a draft at once when its process has ended, also when the process id is in use again', async () => {
  const { path: own, handle } = await openDraft(folder);
  await handle.close();
  const killed = own.replace(`.${process.pid}.`, `.${GONE}.`);
  const reused = own.replace(/\.[0-9a-f]{8}(?=\.[0-9a-f]{16}\.part$)/, '.12345678');
  for (const path of [killed, reused]) writeFileSync(path, 'half');
  utimesSync(own, 1, 1); // A writer may wait for long.
  await clearLeftovers(folder);
  expect(readdirSync(folder)).toEqual([basename(own)]);
});

describe('replacing a file', () => {
  it('makes it private, replaces a link instead of following it, and keeps the permissions of a file that the user named', async () => {
    writeFileSync(at('victim'), 'precious');
    symlinkSync(at('victim'), at('state'));
    await replaceFile(at('state'), 'new');
    expect([readFileSync(at('victim'), 'utf8'), readFileSync(at('state'), 'utf8'), lstatSync(at('state')).isFile()]).toEqual(['precious', 'new', true]);
    expect(modeOf(at('state'))).toBe(0o600);
    writeFileSync(at('plan'), 'old', { mode: 0o640 });
    await writeWhole(at('plan'), 'new', new AbortController().signal);
    expect(modeOf(at('plan'))).toBe(0o640);
  });

  it('leaves the old file and no draft when it fails', async () => {
    mkdirSync(at('taken'));
    await expect(replaceFile(at('taken'), 'text')).rejects.toThrow();
    expect(readdirSync(folder)).toEqual(['taken']);
  });
});

it('a draft is used for the record of local nodes: nothing is written through a link with the former name', async () => {
  writeFileSync(at('victim'), 'precious');
  symlinkSync(at('victim'), at('cluster.json.tmp'));
  await writeState(folder, { schema: 1, host: '127.0.0.1', server: null, replicas: 0, nodes: [] });
  expect(readFileSync(at('victim'), 'utf8')).toBe('precious');
  expect(modeOf(at('cluster.json'))).toBe(0o600);
});

it('a draft of a killed run does not make the folder of local nodes a foreign one', () => {
  writeFileSync(at(`.redis-trib.0123abcd.${GONE}.0123abcd.${'0'.repeat(16)}.part`), 'half');
  expect(() => requireUsable(folder)).not.toThrow();
  writeFileSync(at('other'), '');
  expect(() => requireUsable(folder)).toThrow('other content (other)');
});

it('a draft is used for backups: nothing is written through a link with a predictable name', async () => {
  writeFileSync(at('victim'), 'precious');
  mkdirSync(at('backup'));
  symlinkSync(at('victim'), at(`backup/.redis-trib-backup.${process.pid}.a.rdb.part`));
  const staging = await Staging.open(at('backup'));
  await staging.write('a.rdb', pieces('first'));
  await staging.write('a.rdb', pieces('data')); // a second attempt
  await staging.write('nodes.json', pieces('[]'));
  await staging.commit('nodes.json', []);
  expect(readFileSync(at('victim'), 'utf8')).toBe('precious');
  expect(readFileSync(at('backup/a.rdb'), 'utf8')).toBe('data');
  expect(readdirSync(at('backup')).filter((name) => name.startsWith('.redis-trib.'))).toEqual([]);
});

it('host names announced by nodes cannot name files outside the backup directory', () => {
  const id = 'a'.repeat(40);
  expect(rdbName({ host: '../../etc/x\u0000', port: 7000, id })).toBe(`redis-node-.._.._etc_x_-7000-${id}.rdb`);
  expect(rdbName({ host: '::1', port: 7000, id })).toBe(`redis-node-__1-7000-${id}.rdb`);
  const entries = [{ name: '../../../victim', host: 'h', port: 1 }, { name: id, host: '/../victim', port: 1 }, { name: id, host: 'h', port: 1.5 }];
  expect(earlierFiles(JSON.stringify(entries))).toEqual([`redis-node-_.._victim-1-${id}.rdb`]);
});

it('no folder except src/files and src/server writes whole files', () => {
  const root = new URL('../..', import.meta.url).pathname;
  const sources = ['src', 'commands'].flatMap((room) => readdirSync(join(root, room), { recursive: true, encoding: 'utf8' }).map((path) => join(room, path)));
  const writers = sources.filter((path) => path.endsWith('.ts') && !/^src\/(server|files)\//.test(path) && /\b(writeFile|writeFileSync|createWriteStream|renameSync|appendFileSync)\b/.test(readFileSync(join(root, path), 'utf8')));
  expect(writers).toEqual([]);
});
