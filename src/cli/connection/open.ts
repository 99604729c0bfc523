// Opens a cluster for a subcommand from seed, credentials and signal. Loads the client code on demand.
import { messageOf } from '../../errors.js';
import type { Cluster } from '../../apply/open-cluster.js';
import { formatAddress } from '../../cluster/address.js';
import { sharedIdText } from '../../cluster/shared-ids.js';
import type { ClusterView } from '../../cluster/view.js';
import type { KeyCounts } from '../../ui/views/cluster-lines.js';
import { fewOf } from '../../ui/views/count.js';
import { oneLine } from '../../resp/visible.js';
import type { SeedAddresses } from '../options/address.js';
import { unusedRules } from '../options/address-map.js';
import type { SubcommandContext } from '../program/define.js';
import { shellWord } from '../options/shell-word.js';

/** The cluster behind the seed. Throws TribError with exit code 3 when it cannot be reached or denies access. */
export async function openSeed(seed: SeedAddresses, context: SubcommandContext): Promise<Cluster> {
  const [{ openCluster }, { hostNames }, settings] = await Promise.all([import('../../apply/open-cluster.js'), import('./host-names.js'), context.connection(seed)]);
  const names = await hostNames(context.nodeWords);
  const done = await showLoading(context);
  const cluster = await openCluster(seed.addresses, { ...settings, hostNames: names, signal: context.signal }).finally(done);
  for (const one of cluster.view.sharedIds) context.io.warn(sharedIdText(one));
  hintAtRefusal(cluster.view, context);
  hintAtUnresponsive(cluster.view, context);
  hintAtMap(cluster.view, context);
  warnOfUnusedRules(cluster.view, settings.addressRules ?? [], context);
  return cluster;
}

/** Milliseconds after which a running load is shown. */
const SPINNER_MS = 500;

/** Shows at a terminal that nodes are being read, when it takes long. Returns the function that ends it. */
export async function showLoading({ io }: Pick<SubcommandContext, 'io'>): Promise<() => void> {
  if (!io.interactive || io.mode !== 'table') return () => undefined;
  const { setTimeout: wait } = await import('node:timers/promises');
  const end = new AbortController();
  const shown = wait(SPINNER_MS, undefined, { signal: end.signal })
    .then(() => io.progress('Asking the nodes', { unit: 'nodes' }))
    .catch(() => undefined); // All had replied by then.
  return () => {
    end.abort();
    void shown.then((progress) => progress?.stop());
  };
}

/** Warns about nodes that deny access. */
function hintAtRefusal({ unreachable }: ClusterView, { io }: SubcommandContext): void {
  const refused = unreachable.flatMap(({ reason, refusal }) => (refusal === undefined ? [] : [`${reason}\n${io.errStyle.accent('try:')} ${refusal}`]));
  for (const text of fewOf(refused)) io.warn(text);
}

/** Warns about nodes that accept connections and do not reply; an address map would not help. */
function hintAtUnresponsive({ unreachable }: ClusterView, { io }: SubcommandContext): void {
  const silent = unreachable.filter(({ unresponsive }) => unresponsive === true);
  const [first] = silent;
  if (first === undefined) return;
  const them = silent.length === 1 ? first.name : `${silent.length} nodes (${first.name} …)`;
  io.warn(`${them} can be connected to but ${silent.length === 1 ? 'does' : 'do'} not reply: ${first.reason}`);
  io.note(`${io.errStyle.accent('try:')} check whether the process is stopped or hung, runs a script, or waits for a slow disk; --command-timeout SECONDS allows more time`);
}

/**
 * Hints at --address-map for nodes that the others reach but this process does not: they announce addresses of another network.
 */
function hintAtMap({ entry, unreachable }: ClusterView, { io }: SubcommandContext): void {
  const connected = new Set(entry.lines.filter((line) => line.connected).map(({ id }) => id));
  const hidden = unreachable.filter(({ id, flags, refusal, unresponsive }) => refusal === undefined && unresponsive !== true && !flags.includes('fail') && !flags.includes('fail?') && connected.has(id));
  const [first] = hidden;
  if (first === undefined) return;
  const them = hidden.length === 1 ? first.name : `${hidden.length} nodes (${first.name} …)`;
  io.warn(`${them} cannot be reached from here, though ${entry.name} is connected: ${first.reason}`);
  io.note(`${io.errStyle.accent('try:')} if they announce addresses of another network: --address-map ${shellWord(first.name)}=HOST:PORT or '*=HOST'`);
}

/** Warns about rules of --address-map that name no node of the cluster. */
function warnOfUnusedRules({ nodes }: ClusterView, rules: readonly string[], { io }: SubcommandContext): void {
  const listed = nodes.flatMap(({ lines }) => lines.flatMap(({ host, hostname, port }) => [host, ...(hostname === undefined ? [] : [hostname])].map((name) => ({ host: name, port }))));
  const unused = unusedRules(rules, listed);
  if (unused.length === 0) return;
  const names = [...new Set(listed.filter(({ host }) => host !== '').map(formatAddress))];
  io.warn(`--address-map ${unused.join(' and ')}: no node of this cluster has announced that address`);
  io.note(`${io.errStyle.accent('try:')} the nodes announce ${names.slice(0, 10).join(', ')}${names.length > 10 ? ', …' : ''}`);
}

/** Keys of every master in all its databases, read in parallel; the error's text for a node that fails. */
export async function countKeys(cluster: Cluster): Promise<KeyCounts> {
  const { countKeys: keysOf } = await import('../../apply/node/slot-keys.js');
  const counts = cluster.view.masters.map(async (node): Promise<readonly [string, number | string]> => {
    try {
      return [node.id, await keysOf(cluster.link(node.id))];
    } catch (error) {
      return [node.id, oneLine(messageOf(error))];
    }
  });
  return new Map(await Promise.all(counts));
}
