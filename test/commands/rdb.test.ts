// redis-trib rdb: its output for files of real servers, damaged files, and append-only files.
import { mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { RdbFileWriter } from '../../src/rdb/file-writer.js';
import { RdbType } from '../../src/rdb/value-types.js';
import { TribError } from '../../src/errors.js';
import { Config } from '../../src/server/config/config.js';
import { startNode } from '../../src/server/node.js';
import { runHere, type ProgramRun } from '../support/broken-cluster.js';
import { describeWithRedis, describeWithServers, startRedis } from '../support/redis-server.js';
import { serverBuild } from '../support/server-builds.js';

interface Document {
  readonly ok: boolean;
  readonly keys: number;
  readonly format: { readonly version: number; readonly family: string } | null;
  readonly types: readonly { readonly type: string; readonly encoding: string; readonly keys: number }[];
  readonly databases: readonly { readonly database: number; readonly keys: number; readonly expiring: number }[];
  readonly bySlot: readonly { readonly slot: number; readonly keys: number }[];
  readonly largest: readonly { readonly key: string; readonly elements: number | null; readonly bytes: number }[];
  readonly expiries: { readonly keys: number; readonly expired: number };
  readonly commands: Readonly<Record<string, number>>;
  readonly damage?: { readonly offset: number; readonly key: string | null };
  readonly truncatedAt?: number;
}

const read = (run: ProgramRun): Document => JSON.parse(run.stdout) as Document;
const rdb = async (...words: string[]): Promise<ProgramRun> => runHere(['rdb', ...words]);
const json = async (...words: string[]): Promise<Document> => read(await rdb(...words, '--json'));

let folder: string;
beforeAll(() => void (folder = mkdtempSync(join(tmpdir(), 'redis-trib-rdb-'))));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function written(name: string, bytes: Buffer): string {
  writeFileSync(join(folder, name), bytes);
  return join(folder, name);
}

/** Ten keys `key:0` … with strings of 30 bytes. */
function tenKeys(): Buffer {
  const writer = new RdbFileWriter({ compress: false });
  writer.database(0, 10, 0);
  for (let i = 0; i < 10; i++) {
    writer.key(`key:${i}`, RdbType.string, null);
    writer.body.str('v'.repeat(30));
  }
  return writer.end();
}

describe('redis-trib rdb', () => {
  it('exits 1 with the byte of the damage, and shows the part before it', async () => {
    const file = tenKeys();
    const at = file.indexOf('key:7');
    const cut = await rdb(written('cut.rdb', file.subarray(0, at + 10)));
    expect(cut).toMatchObject({ code: 1, stdout: expect.stringContaining('7 keys') as string, stderr: expect.stringMatching(new RegExp(`damaged at byte ${at + 10}, in the value of key "key:7": unexpected end`)) as string });
    const flipped = Buffer.from(file);
    flipped[at - 2] = 0x63; // The type of key:7.
    expect(await json(written('flipped.rdb', flipped))).toMatchObject({ ok: false, keys: 7, damage: { offset: at - 2, key: 'key:7' } });
  });

  it('reports every truncation of a file, and shows the part before it', async () => {
    const file = tenKeys();
    for (let length = 9; length < file.length; length += 7) {
      const run = await rdb(written('any.rdb', file.subarray(0, length)), '--json');
      expect(run.code, `cut at ${length}`).toBe(1);
      expect(read(run).keys).toBe(file.toString('latin1', 0, length).split('v'.repeat(30)).length - 1);
    }
  });

  it('reports a changed byte of a value by the checksum, after all keys', async () => {
    const file = tenKeys();
    file[file.indexOf('v'.repeat(30))] = 0x77;
    const run = await rdb(written('changed.rdb', file));
    expect(run).toMatchObject({ code: 1, stdout: expect.stringContaining('10 keys') as string, stderr: expect.stringMatching(/checksum/) as string });
  });

  it('counts the commands of an append-only file, and names where it is truncated or damaged', async () => {
    const commands = '*2\r\n$6\r\nSELECT\r\n$1\r\n0\r\n*3\r\n$3\r\nset\r\n$1\r\na\r\n$1\r\n1\r\n';
    expect(await json(written('whole.aof', Buffer.from(commands)))).toMatchObject({ ok: true, format: null, commands: { SELECT: 1, SET: 1 } });
    expect(await json(written('short.aof', Buffer.from(commands + '*3\r\n$3\r\nset')))).toMatchObject({ ok: false, truncatedAt: commands.length });
    expect(await json(written('bad.aof', Buffer.from(`${commands}x`)))).toMatchObject({ ok: false, damage: { offset: commands.length } });
    expect(await json(written('both.aof', Buffer.concat([tenKeys(), Buffer.from(commands)])))).toMatchObject({ ok: true, keys: 10, commands: { SET: 1 } });
  });

  it('says that the version of a file is not known, and counts bytes after its end', async () => {
    const file = tenKeys();
    file.write('0099', 5, 'latin1');
    file.fill(0, file.length - 8); // No checksum.
    expect(await rdb(written('future.rdb', file))).toMatchObject({ code: 0, stdout: expect.stringContaining('10 keys') as string, stderr: expect.stringMatching(/RDB version 99 of redis, which this program does not know/) as string });
    expect(await json(join(folder, 'future.rdb'))).toMatchObject({ keys: 10, format: { version: 99, known: false } });
    const trailing = await rdb(written('trailing.rdb', Buffer.concat([tenKeys(), Buffer.from('rest')])));
    expect(trailing).toMatchObject({ code: 0, stdout: expect.stringContaining('4 bytes after the end') as string });
  });

  it('reports a file that is not a data file, a missing file, and an unreadable one', async () => {
    expect(await rdb(written('text', Buffer.from('Dear diary, …')))).toMatchObject({ code: 1, stderr: expect.stringMatching(/damaged at byte 0: not an RDB file: it begins with "Dear diar"/) as string });
    expect(await rdb(join(folder, 'nowhere'))).toMatchObject({ code: 1, stderr: expect.stringContaining('There is no file') as string });
    expect(await rdb(folder)).toMatchObject({ code: 1, stderr: expect.stringContaining('a directory') as string });
    expect((await rdb()).code).toBe(2);
    expect((await rdb(written('empty', Buffer.alloc(0)))).code).toBe(0);
  });
});

describe('the advice of a node that cannot load its file', () => {
  it('is a command that shows the file and names the same byte', async () => {
    const dir = mkdtempSync(join(folder, 'node-'));
    const file = tenKeys();
    file[file.indexOf('key:4') - 2] = 0x63; // The type of key:4.
    writeFileSync(join(dir, 'dump.rdb'), file);
    const config = new Config({ port: '0', 'ephemeral-port': 'yes', bind: '127.0.0.1', dir, save: '' });
    const failure = await startNode({ config, dataFiles: true }).catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(TribError);
    const { message, hint = '' } = failure as TribError;
    const advised = /`redis-trib (rdb [^`]+)`/.exec(hint)?.[1]?.split(' ') ?? [];
    const shown = await runHere([...advised, '--json']);
    expect(shown.code).toBe(1);
    expect(read(shown)).toMatchObject({ keys: 4, damage: { key: 'key:4' } });
    expect(message).toContain(`offset ${read(shown).damage?.offset ?? -1}`);
  });
});

describeWithRedis('rdb of a file of the real server', () => {
  it('reports types, encodings, databases, slots, expiries and the largest keys', async () => {
    await using server = await startRedis();
    await using link = await server.connect();
    await link.pipeline([
      ...Array.from({ length: 300 }, (_, i) => ['SET', `{tag}${i}`, `v${i}`]),
      ['RPUSH', 'list', 'a', 'b'], ['SADD', 'ints', 1, 2, 3], ['ZADD', 'zset', 1, 'm'], ['XADD', 'stream', '1-1', 'f', 'v'],
      ['HSET', 'big', ...Array.from({ length: 2000 }, (_, i) => `field ${i} of the hash`)],
      ['SET', 'later', 1, 'PX', 1_000_000], ['SELECT', 3], ['SET', 'elsewhere', 1], ['SELECT', 0],
      ['DEBUG', 'SET-ACTIVE-EXPIRE', 0], ['SAVE'],
    ]);
    const file = join(server.dir, 'dump.rdb');
    const found = await json(file, '--top', '2');
    expect(found).toMatchObject({ ok: true, keys: 307, format: { version: expect.any(Number) as number, family: 'redis' }, expiries: { keys: 1, expired: 0 } });
    expect(found.databases).toEqual([expect.objectContaining({ database: 0, keys: 306, expiring: 1 }), expect.objectContaining({ database: 3, keys: 1, expiring: 0 })]);
    expect(found.types.find(({ type }) => type === 'string')?.keys).toBe(302);
    expect(found.types.map(({ type }) => type).sort()).toEqual(['hash', 'list', 'set', 'stream', 'string', 'zset']);
    expect(Math.max(...found.bySlot.map(({ keys }) => keys))).toBe(300);
    expect(found.largest).toHaveLength(2);
    expect(found.largest[0]).toMatchObject({ key: 'big', elements: 1000 });
    expect(await json(file, '--match', '{tag}1*', '--db', '0')).toMatchObject({ keys: 111 });
    expect((await json(file, '--top', '0')).largest).toEqual([]);
    const text = await rdb(file);
    expect(text).toMatchObject({ code: 0, stderr: '' });
    expect(text.stdout).toMatch(/307 keys, 1 of them expire/);
  });

  it('reads the files of an append-only folder', async () => {
    await using server = await startRedis(['--appendonly', 'yes', '--aof-use-rdb-preamble', 'yes']);
    await using link = await server.connect();
    await link.pipeline([['SET', 'a', 1], ['SET', 'b', 2]]);
    const files = readdirSync(join(server.dir, 'appendonlydir'));
    expect(await json(join(server.dir, 'appendonlydir', files.find((name) => name.endsWith('.incr.aof')) ?? ''))).toMatchObject({ ok: true, commands: { SET: 2 } });
    expect(await json(join(server.dir, 'appendonlydir', files.find((name) => name.endsWith('.base.rdb')) ?? ''))).toMatchObject({ ok: true, keys: 0 });
  });
});

for (const name of ['redis-8.0', 'valkey-8.1', 'valkey-9.1'] as const) {
  describeWithServers([name], `rdb of a file of ${name}`, () => {
    it('is complete, also with hashes whose fields expire', async () => {
      await using server = await startRedis([], [serverBuild(name).server]);
      await using link = await server.connect();
      const expiring = name === 'valkey-8.1' ? [] : [['HSET', 'fields', 'f', 'v', 'g', 'w'], ['HPEXPIRE', 'fields', 1_000_000, 'FIELDS', 1, 'f']];
      await link.pipeline([['SADD', 'set', 'a', 'b'], ['XADD', 'stream', '1-1', 'f', 'v'], ['XGROUP', 'CREATE', 'stream', 'g', '0'], ...expiring, ['SAVE']]);
      const found = await json(join(server.dir, 'dump.rdb'));
      expect(found).toMatchObject({ ok: true, keys: 2 + expiring.length / 2, format: { family: readFileSync(join(server.dir, 'dump.rdb')).toString('latin1', 0, 6) === 'VALKEY' ? 'valkey' : 'redis' } });
      if (expiring.length > 0) expect(found.largest.find(({ key }) => key === 'fields')).toMatchObject({ elements: 2 });
    });
  });
}
