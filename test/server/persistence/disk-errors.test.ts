// A full disk or a folder without write permission: the error names the file and the cause, nothing is lost, and the node
// continues as configured. The full disk is a tiny file system where the test may mount one, else a limit on the size of
// files.
import { execFileSync, spawnSync } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { waitFor } from '../../support/redis-server.js';
import { DataNode, Files } from './data-node.js';

/** A file system of one MiB; null where this user cannot mount one. */
function tinyDisk(): (Disposable & { readonly path: string }) | null {
  const path = mkdtempSync(join(tmpdir(), 'redis-trib-tiny-'));
  const mounted = spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=1m', 'tmpfs', path]).status === 0;
  if (!mounted) rmSync(path, { recursive: true });
  return mounted ? { path, [Symbol.dispose]: () => (spawnSync('umount', ['-l', path]), rmSync(path, { recursive: true, force: true })) } : null;
}

const canMount = ((): boolean => {
  const disk = tinyDisk();
  disk?.[Symbol.dispose]();
  return disk !== null;
})();

/** Commands that together do not fit into the tiny disk. */
const BIG = Array.from({ length: 40 }, (_, i) => ['SET', `big:${i}`, Array.from({ length: 60_000 }, (_, at) => String.fromCharCode((at * at * (i + 7)) % 251)).join('')]);

describe.skipIf(!canMount)('on a full disk', () => {
  it('a save fails, the old dump stays, and writes are refused until a save succeeds', async () => {
    using disk = tinyDisk()!;
    await using one = await DataNode.start(disk.path, { save: '3600 1000000', rdbcompression: 'no' });
    await one.ask('SET a 1');
    expect(await one.ask('SAVE')).toBe('OK');
    const before = execFileSync('cat', [join(disk.path, 'dump.rdb')]);
    await one.client.pipeline(BIG);
    expect(await one.ask('SAVE')).toBe('ERR');
    expect(await one.ask('BGSAVE')).toBe('Background saving started');
    await waitFor(async () => (await one.info('persistence', 'rdb_last_bgsave_status')) === 'err', 'the failure');
    expect(one.log()).toContain(`Failed to save the dump ${join(disk.path, 'dump.rdb')}: No space left on device. The existing file is unchanged.`);
    expect(await one.ask('SET b 1')).toMatch(/^MISCONF Redis is configured to save RDB snapshots/);
    expect(await one.ask('GET a')).toBe('1');
    expect(execFileSync('ls', [disk.path], { encoding: 'utf8' })).toBe('dump.rdb\n');
    expect(execFileSync('cat', [join(disk.path, 'dump.rdb')]).equals(before)).toBe(true);
    expect(await one.ask('SHUTDOWN')).toBe('ERR Errors trying to SHUTDOWN. Check logs.');
    expect(await one.ask('CONFIG SET stop-writes-on-bgsave-error no')).toBe('OK');
    expect(await one.ask(`DEL ${BIG.map(([, key]) => key).join(' ')}`)).toBe(BIG.length);
    expect(await one.ask('CONFIG SET stop-writes-on-bgsave-error yes')).toBe('OK');
    expect(await one.ask('SAVE')).toBe('OK');
    expect(await one.ask('SET b 1')).toBe('OK');
  });

  it('an append-only file with everysec refuses writes, keeps complete commands, and continues when there is space', async () => {
    using disk = tinyDisk()!;
    {
      await using one = await DataNode.start(disk.path, { appendonly: 'yes', 'auto-aof-rewrite-percentage': '0', rdbcompression: 'no' });
      writeFileSync(join(disk.path, 'filler'), Buffer.alloc(500_000));
      // Without the filler they fit, however many of them are accepted before a write fails.
      for (const words of BIG.slice(0, 14)) await one.client.command(words).catch(() => undefined);
      // A write during a running sync is postponed, so the error may occur a little later.
      await waitFor(async () => (await one.ask('SET b 1')) !== 'OK', 'a write to fail');
      expect(await one.ask('SET b 1')).toBe('MISCONF Errors writing to the AOF file: No space left on device');
      expect(await one.info('persistence', 'aof_last_write_status')).toBe('err');
      expect(one.log()).toContain('Error writing to the AOF file: No space left on device');
      rmSync(join(disk.path, 'filler'));
      await waitFor(async () => (await one.ask('SET b 2')) === 'OK', 'the file to be written again');
      expect(await one.info('persistence', 'aof_last_write_status')).toBe('ok');
      // A rewrite without disk space fails; the files stay unchanged.
      writeFileSync(join(disk.path, 'filler'), Buffer.alloc(150_000));
      await one.ask('BGREWRITEAOF');
      await waitFor(async () => (await one.info('persistence', 'aof_last_bgrewrite_status')) === 'err', 'the failure of the rewrite');
      rmSync(join(disk.path, 'filler'));
    }
    await using again = await DataNode.start(disk.path, { appendonly: 'yes' });
    expect(await again.ask('GET b')).toBe('2');
    expect(Number(await again.ask('DBSIZE'))).toBeGreaterThan(2);
  });

  it('an append-only file with always ends the node, because it must not acknowledge what it cannot store', async () => {
    using disk = tinyDisk()!;
    let acknowledged = 0;
    const one = await DataNode.start(disk.path, { appendonly: 'yes', appendfsync: 'always' });
    for (const words of BIG) {
      const reply = await one.client.command(words).catch(() => null);
      if (reply !== 'OK') break;
      acknowledged++;
    }
    await one.node.closed;
    expect(one.node.failure).toBe("Can't recover from AOF write error when the AOF fsync policy is 'always': No space left on device. Exiting...");
    await one.stop();
    expect(acknowledged).toBeGreaterThan(0);
    await using again = await DataNode.start(disk.path, { appendonly: 'yes' });
    expect(await again.ask('DBSIZE')).toBe(acknowledged);
  });
});

// root may write everywhere, whatever the permissions.
describe.skipIf(process.getuid?.() === 0 && spawnSync('chattr', ['-V']).error !== undefined)('in a folder that may not be written', () => {
  /** Makes a folder that cannot be written to, by its mode or, for root, by its attribute. */
  function locked(path: string): Disposable {
    const root = process.getuid?.() === 0;
    if (root) execFileSync('chattr', ['+i', path]);
    else chmodSync(path, 0o555);
    return { [Symbol.dispose]: () => (root ? void execFileSync('chattr', ['-i', path]) : chmodSync(path, 0o755)) };
  }
  const supported = ((): boolean => {
    using files = new Files();
    try {
      using _lock = locked(files.path);
      return true;
    } catch {
      return false;
    }
  })();

  it.skipIf(!supported)('saves fail with the name of the file, CONFIG SET appendonly is refused, and a start with an append-only file says what to do', async () => {
    using files = new Files();
    await using one = await DataNode.start(files.path, { save: '3600 1000000' });
    await one.ask('SET a 1');
    await one.ask('SAVE');
    {
      using _lock = locked(files.path);
      expect([await one.ask('SAVE'), await one.ask('BGSAVE')]).toEqual(['ERR', 'ERR']);
      expect(one.log()).toMatch(/Failed to save the dump .*dump\.rdb: (Permission denied|Operation not permitted)\. The existing file is unchanged\./);
      expect(await one.ask('CONFIG SET appendonly yes')).toBe("ERR CONFIG SET failed (possibly related to argument 'appendonly') - Unable to turn on AOF. Check server logs.");
      expect(await one.ask('CONFIG GET appendonly')).toEqual(['appendonly', 'no']);
      await expect(DataNode.start(files.path, { appendonly: 'yes' })).rejects.toThrow(/Fatal error loading the append only file in .*appendonlydir: .*(EACCES|EPERM)/);
    }
    expect([...files.all().keys()]).toEqual(['dump.rdb']);
    expect(await one.ask('CONFIG SET appendonly yes')).toBe('OK');
  });
});

it('a dump that is a folder, or cannot be read, is refused by name', async () => {
  using files = new Files();
  mkdirSync(join(files.path, 'dump.rdb'));
  await expect(DataNode.start(files.path)).rejects.toThrow(/Fatal error loading the DB file .*dump\.rdb: .*EISDIR/);
});
