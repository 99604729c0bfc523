// Postpones expiries that have passed, or soon will, while an append-only file is replayed into a running server. A server
// that loads its own file expires no keys during the load; a running server does. A key whose time to live was renewed several
// times would then expire at an earlier, outdated expiry, before its last renewal is replayed. The true expiry is set when the
// whole file has been replayed. Pure.

/** About 3000 years in ms: longer than any real time to live, so that it is recognised, and far below the maximum of servers. */
export const POSTPONED_MS = 100_000_000_000_000;

export interface PostponedCommand {
  readonly words: readonly string[];
  readonly key: string;
  /** The true expiry, absolute ms. */
  readonly expireAt: number;
}

/** Position of the time, and its unit in ms; undefined when there is none. */
function timeOf(words: readonly string[]): { readonly at: number; readonly unit: number } | undefined {
  const name = words[0]!.toUpperCase();
  if (name === 'PEXPIREAT' || name === 'EXPIREAT') return words.length === 3 ? { at: 2, unit: name === 'EXPIREAT' ? 1000 : 1 } : undefined;
  if (name === 'RESTORE' || name === 'RESTORE-ASKING') return words.slice(4).some((word) => /^absttl$/i.test(word)) && words[2] !== '0' ? { at: 2, unit: 1 } : undefined;
  const first = name === 'SET' ? 3 : name === 'GETEX' ? 2 : undefined;
  if (first === undefined) return undefined;
  const at = words.findIndex((word, index) => index >= first && /^(pxat|exat)$/i.test(word));
  return at < 0 || at + 1 >= words.length ? undefined : { at: at + 1, unit: words[at]!.toUpperCase() === 'EXAT' ? 1000 : 1 };
}

/**
 * The command with its absolute expiry postponed; undefined for a command without one, or with one after `horizon` (absolute
 * ms).
 */
export function postponed(words: readonly string[], horizon: number): PostponedCommand | undefined {
  const time = timeOf(words);
  if (time === undefined) return undefined;
  const expireAt = Number(words[time.at]) * time.unit;
  if (!Number.isSafeInteger(expireAt) || expireAt > horizon) return undefined;
  const changed = [...words];
  changed[time.at] = String(Math.floor(Math.max(0, expireAt) / time.unit) + POSTPONED_MS / time.unit);
  return { words: changed, key: words[1]!, expireAt };
}
