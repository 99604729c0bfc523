// Keyspace notifications: which event classes are enabled, and the format of the setting (persistence-replication.md 6.6).
// Publishing is in shared-state.ts.

/** One bit per class, named as in notify-keyspace-events. */
export const NotifyClass = {
  keyspace: 1, keyevent: 2, generic: 4, string: 8, list: 16, set: 32, hash: 64, zset: 128,
  expired: 256, evicted: 512, stream: 1024, keymiss: 2048, module: 4096, new: 8192,
} as const;

const LETTERS: readonly (readonly [string, number])[] = [
  ['g', NotifyClass.generic], ['$', NotifyClass.string], ['l', NotifyClass.list], ['s', NotifyClass.set],
  ['h', NotifyClass.hash], ['z', NotifyClass.zset], ['x', NotifyClass.expired], ['e', NotifyClass.evicted],
  ['t', NotifyClass.stream], ['d', NotifyClass.module],
];
const ALL = LETTERS.reduce((bits, [, bit]) => bits | bit, 0);
const TAIL: readonly (readonly [string, number])[] = [
  ['K', NotifyClass.keyspace], ['E', NotifyClass.keyevent], ['m', NotifyClass.keymiss],
];

/** Bits of a setting such as `KEA`, or null for an unknown letter. */
export function parseNotifyFlags(text: string): number | null {
  let bits = 0;
  for (const letter of text) {
    if (letter === 'A') bits |= ALL;
    else if (letter === 'n') bits |= NotifyClass.new;
    else {
      const known = LETTERS.find(([l]) => l === letter) ?? TAIL.find(([l]) => l === letter);
      if (!known) return null;
      bits |= known[1];
    }
  }
  return bits;
}

/** The flags as CONFIG GET shows them. Redis omits `n` beside `A`; `complete` keeps it. */
export function formatNotifyFlags(bits: number, complete = false): string {
  const all = (bits & ALL) === ALL;
  let text = all ? 'A' : '';
  if (!all) for (const [letter, bit] of LETTERS) if (bits & bit) text += letter;
  if (bits & NotifyClass.new && (complete || !all)) text += 'n';
  for (const [letter, bit] of TAIL) if (bits & bit) text += letter;
  return text;
}
