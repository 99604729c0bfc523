// ACL categories of a command: those in its table entry and those derived from its flags, as in Redis.
import type { CommandOf } from './command-of.js';

/** In Redis's order, without the @. */
export const ACL_CATEGORIES = [
  'keyspace', 'read', 'write', 'set', 'sortedset', 'list', 'hash', 'string', 'bitmap', 'hyperloglog', 'geo', 'stream', 'pubsub',
  'admin', 'fast', 'slow', 'blocking', 'dangerous', 'connection', 'transaction', 'scripting',
] as const;

/** The categories of a command, in Redis's order. */
export function aclCategories({ spec }: CommandOf): string[] {
  const named = new Set<string>(spec.categories ?? []);
  const has = new Set<string>(spec.flags);
  if (has.has('write')) named.add('write');
  if (has.has('readonly') && !named.has('scripting')) named.add('read');
  if (has.has('admin')) named.add('admin').add('dangerous');
  if (has.has('pubsub')) named.add('pubsub');
  if (has.has('blocking')) named.add('blocking');
  named.add(has.has('fast') ? 'fast' : 'slow');
  return ACL_CATEGORIES.filter((category) => named.has(category));
}
