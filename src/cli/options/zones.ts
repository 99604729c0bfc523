// The zone of each new node, from words like `10.0.0.1=a` and `10.0.0.1:7000=a`. Pure.
import { formatAddress } from '../../cluster/address.js';
import type { CandidateNode } from '../../plan/create.js';
import { usageError } from './options.js';

/**
 * HOST:PORT takes precedence over HOST; the zone of a node without a word is its host. Throws usage errors, also for words that
 * match no node.
 */
export function inZones(nodes: readonly CandidateNode[], words: readonly string[]): CandidateNode[] {
  const zones = new Map<string, string>();
  for (const word of words) {
    const at = word.lastIndexOf('=');
    const [node, zone] = [word.slice(0, at), word.slice(at + 1)];
    if (at <= 0 || zone === '') throw usageError(`--zone takes NODE=ZONE, not "${word}"`, 'for example --zone 10.0.0.1=a,10.0.0.2=b');
    if (!nodes.some((one) => one.host === node || formatAddress(one) === node)) throw usageError(`--zone ${word}: ${node} is not one of the nodes`, `nodes: ${nodes.map(({ name }) => name).join(', ')}`);
    zones.set(node, zone);
  }
  return nodes.map((node) => {
    const zone = zones.get(formatAddress(node)) ?? zones.get(node.host);
    return zone === undefined ? node : { ...node, zone };
  });
}
