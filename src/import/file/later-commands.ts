// Whether a later command of an append-only file touches a key. A table of fixed size instead of all names: two keys may share
// an entry, so the answer may be yes for a key that no later command touches, but is never no for one that a later command
// does. Pure.

/** Entries of the table; 16 MiB. */
const ENTRIES = 1 << 21;

/** FNV-1a, 32 bits. */
function entryOf(key: string): number {
  let hash = 0x811c9dc5;
  for (let at = 0; at < key.length; at++) hash = Math.imul(hash ^ key.charCodeAt(at), 0x01000193);
  return (hash >>> 0) % ENTRIES;
}

export class LaterCommands {
  private readonly last = new Float64Array(ENTRIES);

  /** Item `number` (as readAof counts) touches the key. Numbers never decrease. */
  touched(key: string, number: number): void {
    this.last[entryOf(key)] = number;
  }

  /** Whether an item after `number` may touch the key. */
  touches(key: string, number: number): boolean {
    return this.last[entryOf(key)]! > number;
  }
}
