// Addresses of a cluster or another server as users type them: host:port, host port, several with commas, redis:// URLs. Pure.
// A single address is read by cluster/address.ts.
import { isHost, parseAddress, type Address } from '../../cluster/address.js';
import { ExitCode, TribError } from '../../errors.js';
import { usageError } from './options.js';

/** The seed addresses, and the credentials of their URLs. */
export interface SeedAddresses {
  /** At least one; the first that replies is used. */
  readonly addresses: readonly Address[];
  readonly username?: string;
  readonly password?: string;
  readonly tls?: boolean;
}

function invalid(text: string): Error {
  return usageError(`Invalid address format: ${text}`, 'give it as HOST:PORT, e.g. 127.0.0.1:7000 or [::1]:7000');
}

/** The result of parseServerAddresses; a standalone server may have several databases. */
export interface ServerAddresses extends SeedAddresses {
  /** From `redis://host/N`; absent when the URL names none. */
  readonly database?: number;
}

/** The database of a URL: its path, or `?db=N`. Without it, keys of another database would be used. Throws BAD_DATABASE. */
function databaseOf(url: URL, text: string): number | undefined {
  const named = [url.pathname.slice(1), url.searchParams.get('db') ?? ''].filter((word) => word !== '');
  const numbers = new Set(named.map((word) => (/^\d{1,9}$/.test(word) ? Number(word) : NaN)));
  const [database] = numbers;
  if (database === undefined) return undefined;
  if (numbers.size === 1 && !Number.isNaN(database)) return database;
  const secret = url.password === '' ? text : text.replace(/:[^:@/]*@/, ':…@');
  const wrong = named.find((word) => !/^\d{1,9}$/.test(word));
  const fault = wrong === undefined ? `names two databases, ${named.join(' and ')}` : `"${wrong}" is not a database number`;
  throw new TribError('BAD_DATABASE', `${secret}${wrong === undefined ? '' : ':'} ${fault}`, { exitCode: ExitCode.usage, hint: 'redis://HOST:PORT/N means database N; a URL without N means no particular database' });
}

function parseUrl(text: string): ServerAddresses {
  let url: URL;
  try {
    url = new URL(text);
  } catch {
    throw invalid(text);
  }
  const host = url.hostname.replace(/^\[(.*)\]$/, '$1');
  if (!isHost(host)) throw invalid(text);
  const database = databaseOf(url, text);
  return {
    addresses: [{ host, port: url.port === '' ? 6379 : Number(url.port) }],
    ...(database === undefined ? {} : { database }),
    ...(url.username === '' ? {} : { username: decodeURIComponent(url.username) }),
    ...(url.password === '' ? {} : { password: decodeURIComponent(url.password) }),
    ...(url.protocol === 'rediss:' || url.protocol === 'valkeys:' ? { tls: true } : {}),
  };
}

function addressesIn(word: string): ServerAddresses[] {
  const parts = word.split(',').filter((part) => part !== '');
  if (parts.length === 0) throw invalid(word);
  return parts.map((part) => (/^(rediss?|valkeys?):\/\//i.test(part) ? parseUrl(part) : { addresses: [parseAddress(part)] }));
}

/** All addresses; credentials, TLS and database are those of the first URL that has them. */
function merged(parsed: readonly ServerAddresses[]): ServerAddresses {
  return Object.assign({}, ...parsed.toReversed(), { addresses: parsed.flatMap(({ addresses }) => addresses) }) as ServerAddresses;
}

/**
 * One word as a seed: a URL, an address, or several addresses with commas. Throws usage errors, also for a database other than
 * 0.
 */
export function parseSeed(word: string): SeedAddresses {
  const parsed = addressesIn(word);
  const database = parsed.find((one) => (one.database ?? 0) !== 0)?.database;
  if (database === undefined) return merged(parsed);
  throw new TribError('BAD_DATABASE', `database ${database} of the URL: a cluster has database 0 only`, { exitCode: ExitCode.usage, hint: `leave out /${database}` });
}

/** As parseSeed, for servers outside a cluster too. Throws usage errors, BAD_DATABASE. */
export function parseServerAddresses(word: string): ServerAddresses {
  return merged(addressesIn(word));
}

/** Takes the seed from the front of the positional words: `host:port` or `host port`. Returns it and the remaining words. */
export function takeSeed(words: readonly string[]): { seed: SeedAddresses; rest: readonly string[] } {
  const [first = '', second = ''] = words;
  const bare = !first.includes(',') && !first.includes('/') && (/^[^:]+$/.test(first) || /^[0-9a-fA-F:]*::[0-9a-fA-F:]*$/.test(first));
  if (bare && /^\d+$/.test(second)) return { seed: { addresses: [parseAddress(`${first}:${second}`)] }, rest: words.slice(2) };
  return { seed: parseSeed(first), rest: words.slice(1) };
}
