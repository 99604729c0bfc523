// SCAN. The cursor is the number of the next slot, and a call returns whole slots: what was there all along is seen once,
// whatever happens meanwhile (DESIGN: the keyspace; specs/persistence-replication.md 6.5).
import type { ServerReply } from '../../resp/server-reply.js';
import type { CommandContext } from '../dispatch/context.js';
import { SLOT_COUNT } from '../../cluster/slots.js';
import { matchGlob } from '../types/glob.js';
import { typeName } from '../types/value.js';
import { cursorArg, scanOptions } from './collection-scan.js';

export function scan({ db }: CommandContext, args: readonly string[]): ServerReply {
  const cursor = cursorArg(args[1]!);
  const { count, match, type } = scanOptions(args, 2, true);
  const wanted = type?.toLowerCase() ?? null;
  const found: string[] = [];
  let seen = 0;
  let slot = cursor;
  for (; slot < SLOT_COUNT && seen < count; slot++) {
    const inSlot = db.keysInSlot(slot, Infinity);
    seen += inSlot.length;
    for (const key of inSlot) {
      if (match !== null && !matchGlob(match, key)) continue;
      const value = db.peek(key);
      if (value !== undefined && (wanted === null || typeName(value) === wanted)) found.push(key);
    }
  }
  while (slot < SLOT_COUNT && db.countInSlot(slot) === 0) slot++;
  return [String(slot >= SLOT_COUNT ? 0 : slot), found];
}
