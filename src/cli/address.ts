// Where to enter a cluster, as people type it: host:port, host port, several with commas, redis:// URLs. Pure. One single
// address is read by cluster/address.ts.
import { parseAddress, type Address } from '../cluster/address.js';
import { usageError } from './options.js';

/** Where to enter a cluster, and what a URL said about how. */
export interface Seed {
  /** At least one; any that answers is enough. */
  readonly addresses: readonly Address[];
  readonly username?: string;
  readonly password?: string;
  readonly tls?: boolean;
}

function invalid(text: string): Error {
  return usageError(`Invalid address format: ${text}`, 'write it as HOST:PORT, e.g. 127.0.0.1:7000 or [::1]:7000');
}

function parseUrl(text: string): Seed {
  let url: URL;
  try {
    url = new URL(text);
  } catch {
    throw invalid(text);
  }
  if (url.hostname === '') throw invalid(text);
  const host = url.hostname.replace(/^\[(.*)\]$/, '$1');
  return {
    addresses: [{ host, port: url.port === '' ? 6379 : Number(url.port) }],
    ...(url.username === '' ? {} : { username: decodeURIComponent(url.username) }),
    ...(url.password === '' ? {} : { password: decodeURIComponent(url.password) }),
    ...(url.protocol === 'rediss:' || url.protocol === 'valkeys:' ? { tls: true } : {}),
  };
}

/** One word as a seed: a URL, an address, or several addresses with commas. Throws usage errors. */
export function parseSeed(word: string): Seed {
  const parts = word.split(',').filter((part) => part !== '');
  if (parts.length === 0) throw invalid(word);
  const seeds = parts.map((part) => (/^(rediss?|valkeys?):\/\//i.test(part) ? parseUrl(part) : { addresses: [parseAddress(part)] }));
  return Object.assign({}, ...seeds.toReversed(), { addresses: seeds.flatMap((seed) => seed.addresses) }) as Seed;
}

/** Takes the seed off the front of the positional words: `host:port` or `host port`. Returns it and the words behind it. */
export function takeSeed(words: readonly string[]): { seed: Seed; rest: readonly string[] } {
  const [first = '', second = ''] = words;
  const bare = !first.includes(',') && !first.includes('/') && (/^[^:]+$/.test(first) || /^[0-9a-fA-F:]*::[0-9a-fA-F:]*$/.test(first));
  if (bare && /^\d+$/.test(second)) return { seed: { addresses: [parseAddress(`${first}:${second}`)] }, rest: words.slice(2) };
  return { seed: parseSeed(first), rest: words.slice(1) };
}
