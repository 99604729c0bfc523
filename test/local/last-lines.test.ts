// The ends of log files.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { lastLines } from '../../src/local/node-process.js';

it('prints no lines for a count of 0', () => {
  const folder = mkdtempSync(join(tmpdir(), 'redis-trib-lines-'));
  try {
    const log = join(folder, 'log');
    writeFileSync(log, 'a\nb\nc\n');
    expect([0, 1, 2, 9].map((count) => lastLines(log, count).join(''))).toEqual(['', 'c', 'bc', 'abc']);
    expect(lastLines(join(folder, 'none'), 3)).toEqual([]);
  } finally {
    rmSync(folder, { recursive: true });
  }
});
