// Backups of real clusters: complete files that a redis-server loads with all keys, by either way of getting them; and
// no file that looks complete when the disk is full, a node is killed, or the program is stopped.
import { spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from 'vitest';
import { backupCluster, type BackupEvent, type BackupOptions, type BackupResult } from '../../../src/apply/backup/backup.js';
import { readRdb } from '../../../src/apply/backup/rdb-stream.js';
import { openCluster } from '../../../src/apply/open-cluster.js';
import { startCluster } from '../../../src/testing.js';
import { keySlot } from '../../../src/cluster/slots.js';
import { fill, keysInSlots } from '../../support/load.js';
import { describeWithRedis, freePort, startRedis, startRedisCluster, type RedisNodes } from '../../support/redis-server.js';

const KEYS = 3000;

/** Starts a server on a copy of the file; what it holds, by name. */
async function load(file: string): Promise<{ size: number; get(key: string): Promise<unknown>; stop(): Promise<void> }> {
  const dir = mkdtempSync(join(tmpdir(), 'redis-trib-load-'));
  writeFileSync(join(dir, 'dump.rdb'), readFileSync(file));
  const server = await startRedis(['--dir', dir, '--dbfilename', 'dump.rdb']);
  const link = await server.connect();
  const size = Number(await link.command(['DBSIZE']));
  const stop = async (): Promise<void> => {
    link.close();
    await server.stop();
    rmSync(dir, { recursive: true, force: true });
  };
  return { size, get: (key) => link.command(['PTTL', key]), stop };
}

describeWithRedis('backup', () => {
  let nodes: RedisNodes;
  let dir: string;

  beforeAll(async () => {
    nodes = await startRedisCluster(3, { replicas: 0 });
    await fill(nodes, [
      ...Array.from({ length: KEYS }, (_, index) => ['SET', `key:${index}`, randomBytes(100)]),
      ['SET', 'ttl', 'x', 'PX', 1_000_000],
      ['RPUSH', 'list', ...Array.from({ length: 500 }, (_, index) => `item ${index}`)],
      ['HSET', 'hash', 'f', '1'],
      ['SADD', 'set', '1', '2'],
      ['ZADD', 'zset', 1, 'm'],
      ['XADD', 'stream', '1-1', 'f', 'v'],
      ['SET', '\x00\xff\r\n', randomBytes(70_000)],
    ]);
  });
  afterAll(() => nodes.stop());
  beforeEach(() => void (dir = mkdtempSync(join(tmpdir(), 'redis-trib-backup-'))));
  afterEach(() => rmSync(dir, { recursive: true, force: true }));

  const configure = async (name: string, value: string): Promise<void> => {
    for (const node of nodes.nodes) {
      await using link = await node.connect();
      await link.command(['CONFIG', 'SET', name, value]);
    }
  };
  const run = async (options: BackupOptions = {}, into = dir): Promise<BackupResult> => {
    await using cluster = await openCluster(nodes.seed);
    return await backupCluster(cluster, await cluster.check(), into, options);
  };
  const complete = async (result: BackupResult): Promise<void> => {
    let sum = 0;
    for (const { file } of result.files) {
      expect(spawnSync('redis-check-rdb', [file], { encoding: 'utf8' }).stdout).toContain('RDB looks OK!');
      const server = await load(file);
      sum += server.size;
      await server.stop();
    }
    expect(sum).toBe(KEYS + 7);
  };

  it.each([
    ['yes', 'sync'],
    ['no', 'sync'],
    ['yes', 'scan'],
  ] as const)('diskless %s, via %s: every file loads, all keys are there', async (diskless, via) => {
    await configure('repl-diskless-sync', diskless);
    const result = await run({ via });
    expect(result.files.map((file) => file.via)).toEqual([via, via, via]);
    expect(readdirSync(dir).sort()).toEqual([...result.files.map(({ file }) => file.slice(dir.length + 1)), 'nodes.json'].sort());
    await complete(result);
    const holders = await Promise.all(result.files.map(async ({ file }) => {
      const server = await load(file);
      const ttl = await server.get('ttl');
      await server.stop();
      return ttl;
    }));
    expect(Math.max(...holders.map(Number))).toBeGreaterThan(900_000);
  });

  it('nodes.json has the fields and the layout of redis-cli', async () => {
    const result = await run();
    const theirs = mkdtempSync(join(tmpdir(), 'redis-trib-theirs-'));
    const cli = spawnSync('redis-cli', ['--cluster', 'backup', nodes.seed, theirs], { encoding: 'utf8' });
    expect(cli.status).toBe(0);
    expect(readdirSync(dir).sort()).toEqual(readdirSync(theirs).sort());
    const sorted = (file: string): unknown[] => (JSON.parse(readFileSync(file, 'utf8')) as { name: string }[]).sort((a, b) => (a.name < b.name ? -1 : 1));
    expect(sorted(result.manifest)).toEqual(sorted(join(theirs, 'nodes.json')));
    const lines = (file: string): string[] => readFileSync(file, 'utf8').split('\n').map((line) => line.replace(/,$/, '')).sort();
    expect(lines(result.manifest)).toEqual(lines(join(theirs, 'nodes.json')));
    rmSync(theirs, { recursive: true, force: true });
  });

  it('replaces an earlier backup only when the new one is complete, and removes what a killed run left', async () => {
    const { files } = await run();
    const old = readFileSync(files[0]?.file ?? '');
    const stale = join(dir, '.redis-trib-backup.999999.x.rdb.part');
    writeFileSync(stale, 'half');
    utimesSync(stale, 1, 1);
    const controller = new AbortController();
    await expect(run({ signal: controller.signal, onEvent: ({ kind }) => kind === 'received' && controller.abort() })).rejects.toBeDefined();
    expect(readFileSync(files[0]?.file ?? '').equals(old)).toBe(true);
    expect(readdirSync(dir)).toHaveLength(4);
    await complete(await run());
    expect(readdirSync(dir)).toHaveLength(4);
  });

  it('leaves nothing after an abort, not even the directory it created', async () => {
    const controller = new AbortController();
    const into = join(dir, 'new');
    await expect(run({ signal: controller.signal, onEvent: ({ kind }) => kind === 'started' && controller.abort() }, into)).rejects.toMatchObject({ code: 'ABORTED' });
    expect(existsSync(into)).toBe(false);
  });

  it.skipIf(process.getuid?.() !== 0 || process.platform !== 'linux')('leaves no file on a full disk, and reports the cause', async () => {
    const small = join(dir, 'small');
    mkdirSync(small);
    if (spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=128k', 'tmpfs', small]).status !== 0) return; // not permitted to mount here
    try {
      await expect(run({}, small)).rejects.toMatchObject({ code: 'NOT_WRITABLE', message: expect.stringContaining('no space left on the disk') as string });
      expect(readdirSync(small)).toEqual([]);
    } finally {
      spawnSync('umount', [small]);
    }
  });

  it('names a directory that cannot be written to', async () => {
    writeFileSync(join(dir, 'file'), '');
    await expect(run({}, join(dir, 'file'))).rejects.toMatchObject({ code: 'NOT_WRITABLE' });
    await expect(run({}, join(dir, 'file', 'below'))).rejects.toMatchObject({ code: 'NOT_WRITABLE', message: expect.stringContaining('a part of the path is a file') as string });
  });

  it('ends the backup without a file when a node is killed while it sends', async () => {
    await using mortal = await startRedisCluster(2, { extraArgs: ['--enable-debug-command', 'yes', '--rdb-key-save-delay', '1000'] });
    await fill(mortal, Array.from({ length: 1000 }, (_, index) => ['SET', `key:${index}`, randomBytes(10_000)]));
    await using cluster = await openCluster(mortal.seed);
    const events: BackupEvent[] = [];
    const victim = mortal.nodes[1];
    const outcome = backupCluster(cluster, await cluster.check(), dir, {
      onEvent: (event) => {
        events.push(event);
        if (event.kind === 'received' && event.node.port === victim?.port) void victim.kill();
      },
    });
    await expect(outcome).rejects.toMatchObject({ exitCode: 3, message: expect.stringContaining(victim?.address ?? '') as string });
    expect(readdirSync(dir)).toEqual([]);
  });

  it.each(['sync', 'scan'] as const)('saves nothing via %s when slots move between the reads of two masters', async (via) => {
    await using moving = await startRedisCluster(2);
    await fill(moving, Array.from({ length: 500 }, (_, index) => ['SET', `key:${index}`, 'v']));
    await using cluster = await openCluster(moving.seed);
    await using other = await openCluster(moving.seed);
    const [first, second] = cluster.view.masters;
    const [[begin] = [0]] = second!.slots.ranges();
    const gate = { move: undefined as Promise<unknown> | undefined };
    const real = cluster.links.get(second!.id)!;
    const dial = real.dial.bind(real);
    const connection = real.connection.bind(real);
    real.dial = async (...args) => (await gate.move, dial(...args));
    real.connection = async (...args) => (await gate.move, connection(...args));
    const outcome = backupCluster(cluster, await cluster.check(), dir, {
      via,
      concurrency: 1,
      onEvent: (event) => {
        if (event.kind === 'saved' && event.node.id === first!.id) gate.move = other.apply({ steps: [{ kind: 'move-slots', source: second!.id, target: first!.id, slots: [[begin, begin + 500]] }] });
      },
    });
    await expect(outcome).rejects.toMatchObject({ code: 'SLOTS_MOVED', exitCode: 1, message: expect.stringContaining('501 slots got another owner') as string, hint: expect.stringContaining('run the same command again') as string });
    expect(readdirSync(dir)).toEqual([]);
  });

  it('saves nothing when keys move within an open slot; accepts a slot that an interrupted move left open', async () => {
    await using moving = await startRedisCluster(2);
    const [key = ''] = keysInSlots(0, 8000, 1);
    await fill(moving, [['SET', key, 'v']]);
    await using cluster = await openCluster(moving.seed);
    const [source, target] = cluster.view.masters;
    const [from, to] = await Promise.all([cluster.connection(source!.id), cluster.connection(target!.id)]);
    await to.command(['CLUSTER', 'SETSLOT', keySlot(key), 'IMPORTING', source!.id]);
    await from.command(['CLUSTER', 'SETSLOT', keySlot(key), 'MIGRATING', target!.id]);
    await cluster.refresh();
    expect((await backupCluster(cluster, await cluster.check(), dir)).files).toHaveLength(2);
    const outcome = backupCluster(cluster, await cluster.check(), dir, { onEvent: ({ kind }) => void (kind === 'started' && from.command(['MIGRATE', target!.host, target!.port, key, 0, 5000]).catch(() => undefined)) });
    await expect(outcome).rejects.toMatchObject({ code: 'SLOTS_MOVED' });
  });

  it('refuses when a master with slots is unreachable, or reports it with allowPartial', async () => {
    await using broken = await startRedisCluster(2);
    await broken.nodes[1]?.kill();
    await using cluster = await openCluster(broken.seed);
    const report = await cluster.check();
    await expect(backupCluster(cluster, report, dir)).rejects.toMatchObject({ code: 'MASTER_UNREACHABLE', hint: expect.stringContaining('--allow-partial') as string });
    expect(readdirSync(dir)).toEqual([]);
    const result = await backupCluster(cluster, report, dir, { allowPartial: true });
    expect(result.missing).toHaveLength(1);
    expect(readdirSync(dir)).toHaveLength(2);
    expect(readFileSync(result.manifest, 'utf8')).toContain('"cluster_errors": ');
  });

  it('bundled nodes, which refuse SYNC, are read key by key into a file that a redis-server loads', async () => {
    await using bundled = await startCluster({ masters: 3 });
    const [first] = bundled.nodes;
    const seed = { host: first?.host ?? '', port: first?.port ?? 0 };
    await using cluster = await openCluster(seed);
    const { ClusterClient } = await import('../../../src/client/cluster-client.js');
    await using client = await ClusterClient.connect([seed]);
    await Promise.all(Array.from({ length: 200 }, (_, index) => client.command(['SET', `key:${index}`, 'v'])));
    await client.command(['ZADD', 'zset', 1, 'm']);
    const result = await backupCluster(cluster, await cluster.check(), dir);
    let sum = 0;
    for (const { file } of result.files) {
      const server = await load(file);
      sum += server.size;
      await server.stop();
    }
    expect(sum).toBe(201);
  });
});

/** A server that sends the given bytes to every client. */
async function saying(text: string, pieces: readonly string[]): Promise<{ server: Server; port: number }> {
  const port = await freePort();
  const server = createServer((socket) => {
    socket.on('error', () => undefined);
    socket.on('data', (data) => {
      if (!data.includes('SYNC\r\n')) return void socket.write('+OK\r\n');
      socket.write(text);
      for (const piece of pieces) socket.write(Buffer.from(piece, 'latin1'));
      if (pieces.at(-1) === '') socket.end();
    });
  });
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
  return { server, port };
}

describeWithRedis('the reader of the bytes after SYNC', () => {
  const mark = 'm'.repeat(40);
  it.each([
    ['an RDB of known length, with newlines before and writes after it', '\n\n\n$5\r\n', ['he', 'llo*1\r\n$4\r\nPING\r\n'], 'hello'],
    ['an RDB ended by a mark', `\n$EOF:${mark}\r\n`, ['REDIS', `mmm${mark}`], 'REDISmmm'],
    ['an empty RDB', '$0\r\n', [], ''],
  ])('%s', async (_, head, pieces, wanted) => {
    const { server, port } = await saying(head, pieces);
    let got = '';
    for await (const piece of readRdb({ host: '127.0.0.1', port }, {}, () => undefined)) got += piece.toString('latin1');
    expect(got).toBe(wanted);
    server.close();
  });
  it.each([
    ['a connection that ends early', '$500\r\n', ['abc', ''], 'lost'],
    ['an error', '-NOMASTERLINK Can\'t SYNC while not connected with my master\r\n', [], 'refused SYNC: NOMASTERLINK'],
    ['a reply of another type', ':5\r\n', [], 'answered SYNC with ":5"'],
  ])('reports an error for %s', async (_, head, pieces, wanted) => {
    const { server, port } = await saying(head, pieces);
    const read = async (): Promise<void> => {
      for await (const piece of readRdb({ host: '127.0.0.1', port }, {}, () => undefined)) expect(piece.length).toBeGreaterThan(0);
    };
    await expect(read()).rejects.toThrow(wanted);
    server.close();
  });
});
