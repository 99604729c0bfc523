// Kinds of positional words that subcommands share: none, one seed, a seed and more, a list of addresses.
import type { Address } from '../../cluster/address.js';
import { parseSeed, takeSeed, type SeedAddresses } from '../options/address.js';
import type { Arguments } from './define.js';
import { usageError } from '../options/options.js';

/** The predecessors' error for a wrong number of words (cli.md 1.3), with the correct usage. */
export function wrongNumber(usage: string): Error {
  return usageError('[ERR] Wrong number of arguments for specified sub command', `it takes: ${usage}`);
}

/** No words. */
export const none: Arguments<Record<never, never>> = {
  usage: '',
  parse(words) {
    if (words.length > 0) throw usageError(`unexpected argument: ${words[0] ?? ''}`);
    return {};
  },
};

/** `host:port` or `host port`; further words are refused. Without a word, REDIS_TRIB_SEED or the config file's `seed`. */
export const seed: Arguments<{ readonly seed: SeedAddresses }> = {
  usage: 'HOST:PORT',
  parse(words, fallbackSeed) {
    if (words.length === 0 && fallbackSeed !== undefined) return { seed: parseSeed(fallbackSeed) };
    if (words.length === 0) throw wrongNumber('HOST:PORT of any node of the cluster');
    const taken = takeSeed(words);
    if (taken.rest.length > 0) throw usageError(`unexpected argument: ${taken.rest[0] ?? ''}`, 'one node is sufficient; separate several with commas: HOST:PORT,HOST:PORT');
    return { seed: taken.seed };
  },
};

/** A seed and at least `min` more words. */
export function seedAnd(rest: string, min: number): Arguments<{ readonly seed: SeedAddresses; readonly words: readonly string[] }> {
  const usage = `HOST:PORT ${rest}`;
  return {
    usage,
    parse(words) {
      if (words.length === 0) throw wrongNumber(usage);
      const taken = takeSeed(words);
      if (taken.rest.length < min) throw wrongNumber(usage);
      return { seed: taken.seed, words: taken.rest };
    },
  };
}

/** One address per word, or several with commas; credentials are those of the first URL that has any. */
export const addresses: Arguments<{ readonly addresses: readonly Address[]; readonly seed: SeedAddresses }> = {
  usage: 'HOST:PORT…',
  parse(words) {
    if (words.length === 0) throw wrongNumber('HOST:PORT HOST:PORT …');
    const all = parseSeed(words.join(','));
    return { addresses: all.addresses, seed: all };
  },
};
