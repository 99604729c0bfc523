// The file to which copies of keys are saved, on a full disk. Loops of a whole repair: test/commands/fix.test.ts.
import { existsSync, mkdtempSync, readdirSync, readFileSync, readlinkSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { CopyFile } from '../../src/apply/fix/save-copies.js';

const FROM = { slot: 1, database: 0, key: 'k', node: '127.0.0.1:1', kept: '127.0.0.1:2' };
const COPY = { type: 'string', payload: 'value', ttlMs: -1 };

function openHandles(path: string): number {
  const links = readdirSync('/proc/self/fd').map((fd) => {
    try {
      return readlinkSync(`/proc/self/fd/${fd}`);
    } catch {
      return ''; // the listing's own
    }
  });
  return links.filter((one) => one === path).length;
}

// A disk that is always full; Linux has one.
if (existsSync('/dev/full') && existsSync('/proc/self/fd')) {
  describe('--save-to on a full disk', () => {
    it('closes its file handle after every failed attempt, instead of leaving it to the garbage collector (DEP0137)', async () => {
      const file = new CopyFile('/dev/full', () => 0);
      for (let attempt = 0; attempt < 3; attempt++) {
        await expect(file.save(FROM, COPY)).rejects.toMatchObject({ code: 'NOT_SAVED', cause: { code: 'ENOSPC' }, message: expect.stringContaining('the copy was not changed') as string });
        expect(openHandles('/dev/full')).toBe(0);
      }
      expect(file.count).toBe(0);
      await file.close();
    });
  });
}

it('appends copies as whole lines below one header', async () => {
  const dir = mkdtempSync(join(tmpdir(), 'redis-trib-saved-'));
  try {
    const path = join(dir, 'saved.jsonl');
    for (let run = 0; run < 2; run++) {
      const file = new CopyFile(path, () => 0);
      await Promise.all([file.save(FROM, COPY), file.save(FROM, COPY)]);
      await file.close();
      if (existsSync('/proc/self/fd')) expect(openHandles(path)).toBe(0);
    }
    const lines = readFileSync(path, 'utf8').trim().split('\n').map((line) => Object.keys(JSON.parse(line) as object)[0]);
    expect(lines).toEqual(['format', 'name', 'name', 'name', 'name']);
  } finally {
    rmSync(dir, { recursive: true });
  }
});
