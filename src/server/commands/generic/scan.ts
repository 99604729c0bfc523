// SCAN. A cursor is a slot and a position in it: the keys of a slot are returned in the order of their fingerprints, and the
// fingerprint of a key never changes. So a call is bounded by COUNT even when one slot holds all keys, and a key that exists
// throughout is returned exactly once (persistence-replication.md 6.5).
import type { ServerReply } from '../../../resp/server-reply.js';
import type { CommandContext } from '../../exec/context.js';
import { SLOT_COUNT } from '../../../cluster/slots.js';
import { matchGlob } from '../../../resp/glob.js';
import { typeName } from '../../types/value.js';
import { cursorArg, scanOptions } from '../collection-scan.js';

export function scan({ db }: CommandContext, args: readonly string[]): ServerReply {
  const cursor = cursorArg(args[1]!);
  const { count, match, type } = scanOptions(args, 2, true);
  const wanted = type?.toLowerCase() ?? null;
  const seen: string[] = [];
  let slot = cursor % SLOT_COUNT;
  let position = Math.floor(cursor / SLOT_COUNT);
  while (slot < SLOT_COUNT && seen.length < count) {
    const next = db.scanSlot(slot, position, count - seen.length, seen);
    position = next ?? 0;
    if (next === null) slot++;
  }
  while (position === 0 && slot < SLOT_COUNT && db.countInSlot(slot) === 0) slot++;
  const found = seen.filter((key) => {
    if (match !== null && !matchGlob(match, key)) return false;
    const value = db.lookupWithoutTrace(key);
    return value !== undefined && (wanted === null || typeName(value) === wanted);
  });
  return [String(slot >= SLOT_COUNT ? 0 : position * SLOT_COUNT + slot), found];
}
