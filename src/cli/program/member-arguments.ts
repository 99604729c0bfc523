// Positional words of commands about nodes: new nodes and a member, a member and a node, a member and an optional node.
import type { Address } from '../../cluster/address.js';
import { parseSeed, takeSeed, type SeedAddresses } from '../options/address.js';
import { wrongNumber } from './arguments.js';
import type { Arguments } from './define.js';
import { usageError } from '../options/options.js';

/** New nodes first, then a member, as in the predecessors' add-node (cli.md 1.2). */
export const newNodesAndSeed: Arguments<{ readonly addresses: readonly Address[]; readonly seed: SeedAddresses }> = {
  usage: 'NEW_HOST:PORT[,…] HOST:PORT',
  parse(words, fallbackSeed) {
    const existing = words.length === 1 && fallbackSeed !== undefined ? fallbackSeed : words.at(-1);
    const fresh = existing === words.at(-1) && words.length > 1 ? words.slice(0, -1) : fallbackSeed === undefined ? [] : words;
    if (existing === undefined || fresh.length === 0) throw wrongNumber('NEW_HOST:PORT[,…] HOST:PORT (new nodes first, then any node of the cluster)');
    return { addresses: parseSeed(fresh.join(',')).addresses, seed: parseSeed(existing) };
  },
};

/** A member of the cluster, and a node named by id, prefix of an id, or address. */
export function seedAndNode(usage = 'HOST:PORT NODE'): Arguments<{ readonly seed: SeedAddresses; readonly node: string }> {
  return {
    usage,
    parse(words) {
      if (words.length === 0) throw wrongNumber(usage);
      const { seed, rest } = takeSeed(words);
      const [node] = rest;
      if (node === undefined || rest.length !== 1) throw wrongNumber(usage);
      return { seed, node };
    },
  };
}

/** A member, and optionally another node to use instead. */
export const seedAndPerhapsNode: Arguments<{ readonly seed: SeedAddresses; readonly node: string | undefined }> = {
  usage: 'HOST:PORT [NODE]',
  parse(words) {
    if (words.length === 0) throw wrongNumber('HOST:PORT of the node (or HOST:PORT of any node, and the id of the node)');
    const { seed, rest } = takeSeed(words);
    if (rest.length > 1) throw usageError(`unexpected argument: ${rest[1] ?? ''}`);
    return { seed, node: rest[0] };
  },
};
