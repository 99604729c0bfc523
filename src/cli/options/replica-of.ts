// Requested replicas, from words like `10.0.0.4:7000=10.0.0.1:7000`. Pure.
import { formatAddress } from '../../cluster/address.js';
import type { CandidateNode } from '../../plan/create.js';
import { usageError } from './options.js';

const EXAMPLE = 'for example --replica-of 10.0.0.4:7000=10.0.0.1:7000,10.0.0.5:7000=10.0.0.2:7000';

/** Replica id → master id. Throws usage errors for other words, unknown nodes, and a node that is named twice. */
export function requestedMasters(nodes: readonly CandidateNode[], words: readonly string[]): Map<string, string> {
  const idOf = (word: string, text: string): string => {
    const found = nodes.find((node) => node.name === text || formatAddress(node) === text);
    if (found === undefined) throw usageError(`--replica-of ${word}: ${text} is not one of the nodes`, `nodes: ${nodes.map(({ name }) => name).join(', ')}`);
    return found.id;
  };
  const masters = new Map<string, string>();
  for (const word of words) {
    const [replica = '', master = '', ...rest] = word.split('=');
    if (replica === '' || master === '' || rest.length > 0) throw usageError(`--replica-of takes REPLICA=MASTER, not "${word}"`, EXAMPLE);
    const id = idOf(word, replica);
    if (masters.has(id)) throw usageError(`--replica-of names ${replica} twice`, 'a replica has one master');
    masters.set(id, idOf(word, master));
  }
  return masters;
}
