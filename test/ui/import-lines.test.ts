// The lines after an import: conflicts with advice, and counts that do not match with the likely reason.
import { describe, expect, it } from 'vitest';
import type { ImportStats } from '../../src/import/event.js';
import { conflictLines, countWarnings, forecastLines, importQuestion } from '../../src/ui/views/import-lines.js';

const stats = (change: Partial<ImportStats>): ImportStats => ({ imported: 10, equal: 0, gone: 0, relayed: 0, conflicts: [], targets: {}, ms: 5, counts: { source: { before: 10, after: 0 }, cluster: { before: 5, after: 15 } }, replaced: [], ...change });
const conflict = (key: string): ImportStats['conflicts'][number] => ({ database: 0, key, target: { id: 'a', name: '127.0.0.1:7000' } });

describe('after an import', () => {
  it('prints no warning when the counts match', () => {
    expect([countWarnings(stats({}), false, false), conflictLines(stats({}))]).toEqual([[], []]);
  });
  it.each([
    ['keys left on the source', { counts: { source: { before: 10, after: 3 }, cluster: { before: 5, after: 15 } } }, false, /^3 keys are still or again on the source: clients write to it/],
    ['keys missed by a copy', { counts: { source: { before: 10, after: 12 }, cluster: { before: 5, after: 15 } } }, true, /^2 keys of the source were missed/],
    ['fewer than expected', { counts: { source: { before: 10, after: 0 }, cluster: { before: 5, after: 14 } } }, false, /holds 1 key fewer than the 15 expected/],
    ['more than expected', { counts: { source: { before: 10, after: 0 }, cluster: { before: 5, after: 18 } } }, false, /holds 3 keys more than the 15 expected/],
    ['a node that did not reply', { counts: { source: { before: 10, after: NaN }, cluster: { before: 5, after: 15 } } }, false, /could not be counted/],
  ] as const)('%s', (_, change, copy, wanted) => {
    const warnings = countWarnings(stats(change), copy, false);
    expect(warnings).toHaveLength(1);
    expect(warnings[0]).toMatch(wanted);
  });
  it('does not warn about the counts because of keys in conflict, and lists these with what to do', () => {
    const one = stats({ conflicts: [conflict('a\n')], counts: { source: { before: 11, after: 1 }, cluster: { before: 5, after: 15 } } });
    expect(countWarnings(one, false, false)).toEqual([]);
    expect(conflictLines(one)).toEqual(['1 key exists in the cluster with other values; both copies were left as they are:', '  "a\\n" (database 0, on 127.0.0.1:7000)', expect.stringContaining('--replace')]);
    expect(conflictLines(stats({ conflicts: Array.from({ length: 30 }, (_, index) => conflict(`k${index}`)) }))).toHaveLength(23);
  });
  it('states in the question what is deleted, and in a forecast whether it is estimated', () => {
    expect(importQuestion('h:1', 1, false, false)).toBe("Move 1 key from h:1? It is deleted there (--copy keeps it). (type 'yes' to accept):");
    expect(importQuestion('h:1', 1234, false, true)).toBe("Move 1,234 keys from h:1? They are deleted there (--copy keeps them). Keys of the same name in the cluster are overwritten. (type 'yes' to accept):");
    expect(forecastLines({ keys: 7, sampled: true, targets: { 'a:1': 7 } })).toEqual(['*** 7 keys would be imported', 'about 7 keys to a:1']);
  });
});
