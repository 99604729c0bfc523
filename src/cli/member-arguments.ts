// Positional words of commands about nodes: new nodes and a member, a member and a node, a member and perhaps a node.
import type { Address } from '../cluster/address.js';
import { parseSeed, takeSeed, type Seed } from './address.js';
import { wrongNumber } from './arguments.js';
import type { Arguments } from './define.js';
import { usageError } from './options.js';

/** New nodes first, then one of the cluster, as the predecessors' add-node (cli 1.2). */
export const newNodesAndSeed: Arguments<{ readonly addresses: readonly Address[]; readonly seed: Seed }> = {
  usage: 'NEW_HOST:PORT[,…] HOST:PORT',
  parse(words, fallbackSeed) {
    const existing = words.length === 1 && fallbackSeed !== undefined ? fallbackSeed : words.at(-1);
    const fresh = existing === words.at(-1) && words.length > 1 ? words.slice(0, -1) : fallbackSeed === undefined ? [] : words;
    if (existing === undefined || fresh.length === 0) throw wrongNumber('NEW_HOST:PORT[,…] HOST:PORT (new nodes first, then any node of the cluster)');
    return { addresses: parseSeed(fresh.join(',')).addresses, seed: parseSeed(existing) };
  },
};

/** A member of the cluster, and a node named by id, beginning of an id or address. */
export function seedAndNode(usage = 'HOST:PORT NODE'): Arguments<{ readonly seed: Seed; readonly node: string }> {
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

/** A member, and perhaps another node that is meant instead of it. */
export const seedAndPerhapsNode: Arguments<{ readonly seed: Seed; readonly node: string | undefined }> = {
  usage: 'HOST:PORT [NODE]',
  parse(words) {
    if (words.length === 0) throw wrongNumber('HOST:PORT of the node (or HOST:PORT of any node, and the id of the one that is meant)');
    const { seed, rest } = takeSeed(words);
    if (rest.length > 1) throw usageError(`unexpected argument: ${rest[1] ?? ''}`);
    return { seed, node: rest[0] };
  },
};
