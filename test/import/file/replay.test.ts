// Commands of append-only files as data for a cluster: keys, databases, transactions, division by slots, flushes, postponed
// expiries.
import { describe, expect, it } from 'vitest';
import { commandScope } from '../../../src/aof/command-scope.js';
import { POSTPONED_MS, postponed } from '../../../src/aof/expiry-shift.js';
import { AofReplay, type ReplayItem } from '../../../src/aof/replay.js';
import { SlotSet } from '../../../src/cluster/slot-set.js';

const words = (text: string): string[] => text.split(' ');

describe('the keys of a command', () => {
  it.each([
    ['SET k v', [1]], ['set k v PXAT 5', [1]], ['RENAME a b', [1, 2]], ['DEL a b c', [1, 2, 3]], ['MSET a 1 b 2', [1, 3]], ['SUNIONSTORE d a b', [1, 2, 3]],
    ['ZUNIONSTORE d 2 a b WEIGHTS 1 2', [1, 3, 4]], ['BITOP AND d a b', [2, 3, 4]], ['XGROUP CREATE s g $', [2]], ['XCLAIM s g c 0 1-1', [1]], ['EVAL x 1 a arg', [3]],
    ['SORT a STORE d', [1, 3]], ['GEORADIUS a 1 2 3 km STORE d', [1, 7]],
  ])('of %s', (text, keys) => {
    expect(commandScope(words(text))).toMatchObject({ kind: 'keys', keys });
  });
  it.each(['SWAPDB 0 1', 'MOVE a 1', 'EVAL x 0', 'EVAL x 7 a', 'JSON.SET a $ 1', 'SET', 'RENAME a', 'SELECT x'])('%s is refused', (text) => {
    expect(commandScope(words(text))).toMatchObject({ kind: 'refused' });
  });
  it.each(['PING', 'FUNCTION LOAD x', 'SCRIPT LOAD x'])('%s touches nothing', (text) => {
    expect(commandScope(words(text))).toEqual({ kind: 'nothing' });
  });
});

describe('CLUSTER in a file of Valkey 9.1', () => {
  it('begins and ends an import of slots, and empties slots', () => {
    expect(commandScope(words('CLUSTER SYNCSLOTS ESTABLISH SOURCE s NAME j SLOTSRANGE 0 5 9 9'))).toEqual({ kind: 'import-begin', job: 'j', source: 's', slots: SlotSet.parse('0-5,9') });
    expect(commandScope(words('cluster syncslots finish state success name j message '))).toEqual({ kind: 'import-end', job: 'j', outcome: 'success' });
    expect(commandScope(['CLUSTER', 'SYNCSLOTS', 'FINISH', 'STATE', 'FAILED', 'NAME', 'j', 'MESSAGE', 'Data was flushed'])).toEqual({ kind: 'import-end', job: 'j', outcome: 'failed' });
    expect(commandScope(['CLUSTER', 'SYNCSLOTS', 'FINISH', 'STATE', 'FAILED', 'NAME', 'j', 'MESSAGE', 'Process restarted'])).toEqual({ kind: 'import-end', job: 'j', outcome: 'restarted' });
    expect(commandScope(words('CLUSTER FLUSHSLOT 7 SYNC'))).toEqual({ kind: 'flush-slots', slots: SlotSet.parse('7') });
  });
  it.each(['CLUSTER', 'CLUSTER RESET', 'CLUSTER FLUSHSLOT', 'CLUSTER FLUSHSLOT 16384', 'CLUSTER SYNCSLOTS ESTABLISH NAME j SLOTSRANGE 0 5', 'CLUSTER SYNCSLOTS ESTABLISH SOURCE s NAME j SLOTSRANGE 5 0', 'CLUSTER SYNCSLOTS FINISH NAME j', 'CLUSTER SYNCSLOTS ACK'])('is refused as %s', (text) => {
    expect(commandScope(words(text))).toMatchObject({ kind: 'refused', unknown: true });
  });
});

describe('a replay', () => {
  const run = (lines: readonly string[], wanted?: (database: number, key: string) => boolean): { items: ReplayItem[]; open: number | undefined } => {
    const replay = new AofReplay(wanted);
    const items = lines.flatMap((line, at) => replay.take(words(line), at));
    return { items, open: replay.openTransaction };
  };
  const texts = (items: readonly ReplayItem[]): unknown[] => items.map((item) => (item.kind === 'unit' ? [item.database, ...item.commands.map((command) => command.words.join(' '))] : `${item.kind} ${'database' in item ? String(item.database) : ''}`));

  it('keeps databases apart', () => {
    expect(texts(run(['SET a 1', 'SELECT 3', 'SET a 2', 'FLUSHDB', 'SELECT 0', 'INCR a', 'FLUSHALL']).items)).toEqual([[0, 'SET a 1'], [3, 'SET a 2'], 'flush 3', [0, 'INCR a'], 'flush null']);
  });
  it('returns a transaction as a whole when its EXEC comes', () => {
    expect(texts(run(['MULTI', 'SET a 1', 'SET b 1', 'EXEC']).items)).toEqual([[0, 'SET a 1', 'SET b 1']]);
    expect(run(['SET a 1', 'MULTI', 'SET b 1'])).toMatchObject({ items: [{ kind: 'unit' }], open: 1 });
    expect(texts(run(['MULTI', 'SET a 1', 'SELECT 2', 'SET b 1', 'EXEC']).items)).toEqual([[0, 'SET a 1'], [2, 'SET b 1']]);
  });
  it('returns an unknown command inside a transaction as a problem at its own offset, also when the transaction never ends', () => {
    const problem = { kind: 'problem', command: 'E\x02EC', offset: 3, database: 0, reason: 'the command is not known', unknown: true };
    expect(run(['SET a 1', 'MULTI', 'SET b 1', 'E\x02EC', 'SET d 1'])).toMatchObject({ items: [{ kind: 'unit' }, problem], open: 1 });
    expect(run(['MULTI', 'SET b 1', 'SET c 1', 'e\x02ec', 'EXEC']).items).toMatchObject([problem, { kind: 'unit' }]);
  });
  it('reports a MULTI inside a transaction and an EXEC outside of one as damage at their own offset', () => {
    expect(() => run(['SET a 1', 'MULTI', 'SET b 1', 'MULTI'])).toThrow('MULTI inside the transaction that begins at byte 1 at offset 3');
    expect(() => run(['MULTI', 'SET b 1', 'EXEC', 'EXEC'])).toThrow('EXEC without MULTI at offset 3');
  });
  it('splits by slot only commands with the same effect key by key', () => {
    expect(texts(run(['DEL a b {a}c']).items)).toEqual([[0, 'DEL a {a}c', 'DEL b']]);
    expect(texts(run(['MSETNX a 1 b 2 {b}x 3']).items)).toEqual([[0, 'MSET a 1', 'MSET b 2 {b}x 3']]);
    expect(texts(run(['RENAME {t}a {t}b']).items)).toEqual([[0, 'RENAME {t}a {t}b']]);
    expect(run(['RENAME a b']).items).toEqual([{ kind: 'problem', database: 0, offset: 0, command: 'RENAME', reason: 'its keys are in several slots', keys: ['a', 'b'] }]);
  });
  it('takes only wanted keys', () => {
    const wanted = (_: number, key: string): boolean => key.startsWith('{u}');
    expect(texts(run(['SET a 1', 'MSET a 1 {u}b 2', 'DEL a', 'INCR {u}c'], wanted).items)).toEqual([[0, 'MSET {u}b 2'], [0, 'INCR {u}c']]);
    expect(run(['RENAME {u}a b'], wanted).items).toMatchObject([{ kind: 'problem', reason: 'some of its keys are wanted, others are not' }]);
  });
});

describe('postponed expiries', () => {
  it.each([
    ['PEXPIREAT k 5000', `PEXPIREAT k ${POSTPONED_MS + 5000}`, 5000], ['EXPIREAT k 5', `EXPIREAT k ${POSTPONED_MS / 1000 + 5}`, 5000],
    ['SET k v PXAT 5000', `SET k v PXAT ${POSTPONED_MS + 5000}`, 5000], ['set k pxat exat 5', `set k pxat exat ${POSTPONED_MS / 1000 + 5}`, 5000],
    ['GETEX k PXAT 5000', `GETEX k PXAT ${POSTPONED_MS + 5000}`, 5000], ['RESTORE k 5000 x ABSTTL', `RESTORE k ${POSTPONED_MS + 5000} x ABSTTL`, 5000],
  ])('of %s', (text, expected, expireAt) => {
    expect(postponed(words(text), 9000)).toEqual({ words: words(expected), key: 'k', expireAt });
  });
  it.each(['PEXPIREAT k 9001', 'SET k v', 'SET k pxat', 'PEXPIRE k 5', 'RESTORE k 5000 x', 'RESTORE k 0 x ABSTTL', 'PEXPIREAT k 5000 GT'])('%s stays', (text) => {
    expect(postponed(words(text), 9000)).toBeUndefined();
  });
});
