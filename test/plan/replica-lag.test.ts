// How many bytes of its master's stream a replica lacks, by what both report, and the advice about a link that is down.
import { describe, expect, it } from 'vitest';
import { linkAdvice, missingBytes, positionOf } from '../../src/plan/replica-lag.js';

const position = (history: string, offset: number, former = '0', until = -1): ReturnType<typeof positionOf> =>
  positionOf(new Map([['master_replid', history], ['master_replid2', former], ['second_repl_offset', String(until)], ['master_repl_offset', String(offset)]]), 'master_repl_offset');

describe('the part of the stream that a replica lacks', () => {
  it.each([
    ['behind in the same history', position('a', 900), position('a', 850), 50],
    ['in sync', position('a', 900), position('a', 900), 0],
    ['ahead of a report that is older than its own', position('a', 900), position('a', 914), 0],
    ['in the history before the promotion of its master', position('b', 900, 'a', 801), position('a', 800), 100],
    ['with more of the former history than its master had', position('b', 900, 'a', 801), position('a', 850), undefined],
    ['that never had a copy, both offsets 0', position('a', 0), position('x', 0), undefined],
  ])('a replica %s', (_, master, replica, bytes) => {
    expect(missingBytes(master, replica)).toBe(bytes);
  });
});

it('leads to different advice for a copy in progress, a first copy and a lost link', () => {
  const [replica, master] = [{ name: 'r:1' }, { name: 'm:1' }];
  expect(linkAdvice({ syncing: true, downSeconds: null }, replica, master)).toContain('still copying the data of m:1');
  expect(linkAdvice({ syncing: false, downSeconds: null }, replica, master)).toContain('masterauth or masteruser is not what m:1 requires, or it cannot connect to m:1, or its first copy has not begun yet');
  expect(linkAdvice({ syncing: false, downSeconds: 4 }, replica, master)).not.toContain('first copy');
});
