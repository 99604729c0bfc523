// What a node loads from append-only files: those left by a crash between two steps of a rewrite, of older servers, with an
// incomplete end, damaged ones; and CONFIG SET appendonly at run time. A start that is refused changes no file.
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { waitFor } from '../../support/redis-server.js';
import { DataNode, Files, records } from './data-node.js';
import { file, key, select, str } from './old-rdb.js';

const YES = { appendonly: 'yes' };
const BASE = 'appendonlydir/appendonly.aof.1.base.rdb';
const INCR = (n: number): string => `appendonlydir/appendonly.aof.${n}.incr.aof`;
const MANIFEST = 'appendonlydir/appendonly.aof.manifest';
const lines = (...parts: readonly [name: string, seq: number, type: string][]): string => parts.map(([name, seq, type]) => `file ${name.replace('appendonlydir/', '')} seq ${seq} type ${type}\n`).join('');
const rdb = (name: string, value: string): Buffer => file(10, select(0), key(0, name, str(value)));

/** A base with a=1 and an increment with b=2. */
function plain(files: Files, increment = records('SELECT 0', 'SET b 2')): void {
  files.write(BASE, rdb('a', '1'));
  files.write(INCR(1), increment);
  files.write(MANIFEST, lines([BASE, 1, 'b'], [INCR(1), 1, 'i']));
}

const values = async (one: DataNode, ...keys: readonly string[]): Promise<unknown> => one.ask(`MGET ${keys.join(' ')}`);

/** The error with which a node refuses to start on the files. Checks that the files are unchanged afterwards. */
async function refusal(files: Files, settings: Readonly<Record<string, string>> = YES): Promise<string> {
  const before = files.all();
  const outcome = await DataNode.start(files.path, settings).then(async (one) => (await one.stop(), 'started'), (error: Error & { hint?: string }) => `${error.message} ${error.hint ?? ''}`);
  expect(files.all()).toEqual(before);
  return outcome.replaceAll(files.path, 'DIR');
}

describe('append-only files after a crash', () => {
  it('during the first rewrite after CONFIG SET appendonly yes: the dump is loaded, where redis-server starts empty', async () => {
    using files = new Files();
    files.write('dump.rdb', rdb('a', '1'));
    files.write('appendonlydir/temp-appendonly.aof.incr', records('SELECT 0', 'SET b 2'));
    files.write('temp-rewriteaof-bg-1.aof', 'REDIS00');
    {
      await using one = await DataNode.start(files.path, YES);
      expect(await values(one, 'a', 'b')).toEqual(['1', null]);
      expect(one.log()).toContain('The first rewrite of the append only file was not completed');
      await one.ask('SET c 3');
    }
    rmSync(join(files.path, 'dump.rdb'));
    await using again = await DataNode.start(files.path, YES);
    expect(await values(again, 'a', 'c')).toEqual(['1', '3']);
  });

  it('between the last rename of a first rewrite and its manifest: the dump is loaded', async () => {
    using files = new Files();
    files.write('dump.rdb', rdb('a', '1'));
    files.write('appendonlydir/appendonly.aof.1.base.rdb', rdb('b', '2'));
    files.write(INCR(1), records('SELECT 0', 'SET c 3'));
    {
      await using one = await DataNode.start(files.path, YES);
      expect(await values(one, 'a', 'b', 'c')).toEqual(['1', null, null]);
      await one.ask('SET d 4');
    }
    rmSync(join(files.path, 'dump.rdb'));
    await using again = await DataNode.start(files.path, YES);
    expect(await values(again, 'a', 'b', 'c', 'd')).toEqual(['1', null, null, '4']);
  });

  it('during a first rewrite while an older set exists: the older set is loaded', async () => {
    using files = new Files();
    plain(files);
    files.write('dump.rdb', rdb('a', 'dump'));
    files.write('appendonlydir/temp-appendonly.aof.incr', records('SELECT 0', 'SET a other'));
    await using one = await DataNode.start(files.path, YES);
    expect(await values(one, 'a', 'b')).toEqual(['1', '2']);
  });

  it('before the new manifest is written: files that the manifest does not name are neither loaded nor appended to', async () => {
    using files = new Files();
    plain(files);
    files.write('appendonlydir/appendonly.aof.2.base.rdb', rdb('a', 'new'));
    files.write(INCR(2), records('SELECT 0', 'SET stale 1'));
    {
      await using one = await DataNode.start(files.path, YES);
      expect(await values(one, 'a', 'b', 'stale')).toEqual(['1', '2', null]);
      expect(await one.ask('BGREWRITEAOF')).toBe('Background append only file rewriting started');
      await waitFor(async () => (await one.info('persistence', 'aof_rewrites')) === '1', 'the rewrite');
      await one.ask('SET c 3');
    }
    await using again = await DataNode.start(files.path, YES);
    expect(await values(again, 'a', 'b', 'c', 'stale')).toEqual(['1', '2', '3', null]);
  });

  it('in the middle of a command while the next increment was opened: truncated there and loaded', async () => {
    using files = new Files();
    plain(files, `${records('SELECT 0', 'SET b 2')}*3\r\n$3\r\nSET\r\n$1\r\nb\r\n$1\r`);
    files.write(INCR(2), '');
    files.write(MANIFEST, lines([BASE, 1, 'b'], [INCR(1), 1, 'i'], [INCR(2), 2, 'i']));
    {
      await using one = await DataNode.start(files.path, YES);
      expect(await values(one, 'a', 'b')).toEqual(['1', '2']);
      await one.ask('SET c 3');
    }
    expect(files.read(INCR(1))).toBe(records('SELECT 0', 'SET b 2'));
    await using again = await DataNode.start(files.path, YES);
    expect(await values(again, 'a', 'b', 'c')).toEqual(['1', '2', '3']);
    await again.stop();
    files.write(INCR(1), files.read(INCR(1)).slice(0, -1));
    expect(await refusal(files)).toContain(`DIR/${INCR(1)}: the file ends in the middle of a command after offset 23, and it is not the last file`);
  });

  it('in the middle of a transaction: the whole transaction is left out', async () => {
    using files = new Files();
    plain(files, records('SELECT 0', 'SET b 2', 'MULTI', 'SET b 3', '#TS:1700000000', 'SET c 3'));
    await using one = await DataNode.start(files.path, YES);
    expect(await values(one, 'a', 'b', 'c')).toEqual(['1', '2', null]);
    expect(files.read(INCR(1))).toBe(records('SELECT 0', 'SET b 2'));
    expect(one.log()).toContain(`Truncating the AOF ${files.path}/${INCR(1)} at offset ${records('SELECT 0', 'SET b 2').length}`);
  });

  it('with history files that were not removed yet: they are removed, unless aof-disable-auto-gc is yes', async () => {
    using files = new Files();
    plain(files);
    files.write('appendonlydir/old.base.rdb', rdb('a', 'old'));
    files.write(MANIFEST, files.read(MANIFEST) + lines(['old.base.rdb', 1, 'h']));
    await (await DataNode.start(files.path, { ...YES, 'aof-disable-auto-gc': 'yes' })).stop();
    expect(files.all().has('appendonlydir/old.base.rdb')).toBe(true);
    await using one = await DataNode.start(files.path, YES);
    expect(await values(one, 'a')).toEqual(['1']);
    await waitFor(() => !files.all().has('appendonlydir/old.base.rdb'), 'the file to be removed');
    await waitFor(() => !files.read(MANIFEST).includes('type h'), 'the manifest');
  });
});

describe('the single append-only file of an older server', () => {
  const forms = {
    commands: records('SELECT 0', 'SET a 1', 'RPUSH l x', '#TS:1700000000', 'SELECT 1', 'SET b 2'),
    'an RDB and commands behind it': Buffer.concat([rdb('a', '1'), Buffer.from(records('SELECT 0', 'RPUSH l x', 'SELECT 1', 'SET b 2'))]),
  };
  it.each(Object.entries(forms))('is added to the set: %s', async (_what, content) => {
    using files = new Files();
    files.write('appendonly.aof', content);
    for (let round = 0; round < 3; round++) {
      await using one = await DataNode.start(files.path, YES);
      expect([await one.ask('GET a'), await one.ask('LRANGE l 0 -1'), await one.ask('SELECT 1'), await one.ask('GET b')]).toEqual(['1', ['x'], 'OK', '2']);
      if (round === 0) expect([...files.all().keys()]).toEqual(['appendonlydir/appendonly.aof', INCR(1), MANIFEST].sort());
      if (round !== 1) continue;
      await one.ask('BGREWRITEAOF');
      await waitFor(async () => (await one.info('persistence', 'aof_rewrites')) === '1', 'the rewrite');
      await one.stop();
      expect([...files.all().keys()]).toEqual(['appendonlydir/appendonly.aof.2.base.rdb', INCR(2), MANIFEST].sort());
    }
  });

  it('is adopted after a crash between the manifest and the move, and ignored when there is a complete set', async () => {
    using files = new Files();
    files.write('appendonly.aof', forms.commands);
    files.write(MANIFEST, lines(['appendonly.aof', 1, 'b']));
    await using one = await DataNode.start(files.path, YES);
    expect(await values(one, 'a')).toEqual(['1']);
    expect(files.all().has('appendonly.aof')).toBe(false);
    using others = new Files();
    plain(others);
    others.write('appendonly.aof', records('SELECT 0', 'SET a old'));
    await using two = await DataNode.start(others.path, YES);
    expect(await values(two, 'a')).toEqual(['1']);
  });
});

describe('append-only files that cannot be read', () => {
  it.each<[string, (files: Files) => void, Readonly<Record<string, string>>, RegExp]>([
    ['an incomplete end with aof-load-truncated no', (files) => plain(files, `${records('SELECT 0')}*1\r\n`), { 'aof-load-truncated': 'no' }, /DIR\/appendonlydir\/appendonly\.aof\.1\.incr\.aof: Unexpected end of file reading the append only file, after offset 23\. Exiting\. make a backup .*redis-check-aof --fix/],
    ['no command', (files) => plain(files, `${records('SELECT 0')}hello`), {}, /Bad file format reading the append only file: expected a command, found byte 104 at offset 23\. Exiting\. make a backup/],
    ['an unknown command', (files) => plain(files, records('SELECT 0', 'NOSUCH x')), {}, /Unknown command 'NOSUCH' reading the append only file, after offset 23/],
    ['a command with too few words', (files) => plain(files, records('SELECT 0', 'GET')), {}, /Wrong number of arguments for 'get'/],
    ['a base that is cut off', (files) => (plain(files), files.write(BASE, files.read(BASE).slice(0, -3))), {}, /the RDB part of the append only file DIR\/appendonlydir\/appendonly\.aof\.1\.base\.rdb: unexpected end of the RDB data at offset \d+.* inspect the file with `redis-trib rdb DIR\/appendonlydir\/appendonly\.aof\.1\.base\.rdb`/],
    ['a missing increment', (files) => (plain(files), rmSync(join(files.path, INCR(1)))), {}, /incr\.aof: the manifest names it, but it does not exist/],
    ['an empty manifest', (files) => (plain(files), files.write(MANIFEST, '')), {}, /the AOF manifest DIR\/appendonlydir\/appendonly\.aof\.manifest: Found an empty AOF manifest/],
    ['an invalid manifest', (files) => (plain(files), files.write(MANIFEST, `${files.read(MANIFEST)}file x seq y\n`)), {}, /Invalid AOF manifest file format at line 3: "file x seq y"/],
  ])('are refused with the file, the offset and what to do: %s', async (_what, damage, settings, message) => {
    using files = new Files();
    damage(files);
    expect(await refusal(files, { ...YES, ...settings })).toMatch(message);
  });

  it('are refused and left unchanged with aof-load-truncated no, wherever they are cut off', async () => {
    using files = new Files();
    const whole = records('SELECT 0', 'MULTI', 'SET b 2', 'EXEC');
    for (let at = 1; at < whole.length; at++) {
      plain(files, whole.slice(0, at));
      const said = await refusal(files, { ...YES, 'aof-load-truncated': 'no' });
      // After SELECT the file is complete.
      expect([at, /Unexpected end of file reading/.test(said)]).toEqual([at, at !== records('SELECT 0').length]);
      if (said === 'started') break;
    }
  });
});

describe('CONFIG SET appendonly', () => {
  it('on, off and on again: a start loads the data of the moment before', async () => {
    using files = new Files();
    {
      await using one = await DataNode.start(files.path);
      await one.ask('SET before 1');
      expect(await one.ask('CONFIG SET appendonly yes')).toBe('OK');
      await one.ask('SET during 2');
      await waitFor(async () => (await one.info('persistence', 'aof_rewrite_in_progress')) === '0', 'the first rewrite');
      expect([await one.info('persistence', 'aof_enabled'), await one.info('persistence', 'aof_last_bgrewrite_status')]).toEqual(['1', 'ok']);
      await one.ask('SET after 3');
      expect(await one.ask('CONFIG SET appendonly no')).toBe('OK');
      await one.ask('SET unsaved 4');
    }
    {
      await using one = await DataNode.start(files.path, YES);
      expect(await values(one, 'before', 'during', 'after', 'unsaved')).toEqual(['1', '2', '3', null]);
      await one.ask('CONFIG SET appendonly no');
      await one.ask('SET later 5');
      await one.ask('CONFIG SET appendonly yes');
      await waitFor(async () => (await one.info('persistence', 'aof_rewrite_in_progress')) === '0', 'the rewrite');
    }
    expect([...files.all().keys()].filter((name) => name.includes('temp'))).toEqual([]);
    await using again = await DataNode.start(files.path, YES);
    expect(await values(again, 'before', 'during', 'after', 'later')).toEqual(['1', '2', '3', '5']);
  });

  it('no during the first rewrite leaves an older set unchanged', async () => {
    using files = new Files();
    plain(files);
    {
      await using one = await DataNode.start(files.path);
      await one.ask('DEBUG POPULATE 200000 key 50');
      await one.ask('CONFIG SET appendonly yes');
      await one.ask('SET x 1');
      expect(await one.info('persistence', 'aof_rewrite_in_progress')).toBe('1');
      expect(await one.ask('SHUTDOWN')).toBe('ERR Errors trying to SHUTDOWN. Check logs.');
      await one.ask('CONFIG SET appendonly no');
    }
    expect([...files.all().keys()]).toEqual([BASE, INCR(1), MANIFEST].sort());
    await using again = await DataNode.start(files.path, YES);
    expect([await values(again, 'a', 'b'), await again.ask('DBSIZE')]).toEqual([['1', '2'], 2]);
  });
});
