// Opens a cluster for a subcommand: seed, credentials and signal come together here. Loads the client only when called.
import type { Cluster } from '../apply/open-cluster.js';
import type { KeyCounts } from '../ui/views/cluster-lines.js';
import type { ClusterView } from '../cluster/view.js';
import type { Seed } from './address.js';
import type { CommandContext } from './define.js';

/** The cluster behind the seed. Throws TribError with exit code 3 for what cannot be reached or entered. */
export async function openSeed(seed: Seed, context: CommandContext): Promise<Cluster> {
  const [{ openCluster }, settings] = await Promise.all([import('../apply/open-cluster.js'), context.connection(seed)]);
  const cluster = await openCluster(seed.addresses, { ...settings, signal: context.signal });
  hintAtRefusal(cluster.view, context);
  hintAtMutes(cluster.view, context);
  hintAtMap(cluster.view, context);
  return cluster;
}

/** Nodes that are there and don't let us in. */
function hintAtRefusal({ unreachable }: ClusterView, { io }: CommandContext): void {
  for (const { reason, refusal } of unreachable) {
    if (refusal !== undefined) io.note(`${io.errStyle.warn('warning:')} ${reason}\n${io.errStyle.accent('try:')} ${refusal}`);
  }
}

/** Nodes that take connections and answer nothing: no address would help. */
function hintAtMutes({ unreachable }: ClusterView, { io }: CommandContext): void {
  const mutes = unreachable.filter(({ mute }) => mute === true);
  const [first] = mutes;
  if (first === undefined) return;
  const them = mutes.length === 1 ? first.name : `${mutes.length} nodes (${first.name} …)`;
  io.note(`${io.errStyle.warn('warning:')} ${them} can be connected to but ${mutes.length === 1 ? 'does' : 'do'} not answer: ${first.reason}`);
  io.note(`${io.errStyle.accent('try:')} is the process stopped or hung, busy with a script, or on a slow disk? --command-timeout SECONDS allows more time`);
}

/** Nodes that the others reach and we don't: they announce addresses of a network that is not ours. */
function hintAtMap({ entry, unreachable }: ClusterView, { io }: CommandContext): void {
  const hidden = unreachable.filter(({ id, flags, refusal, mute }) => refusal === undefined && mute !== true && !flags.includes('fail') && !flags.includes('fail?') && entry.lines.some((line) => line.id === id && line.connected));
  const [first] = hidden;
  if (first === undefined) return;
  const them = hidden.length === 1 ? first.name : `${hidden.length} nodes (${first.name} …)`;
  io.note(`${io.errStyle.warn('warning:')} ${them} cannot be reached from here, though ${entry.name} is connected: ${first.reason}`);
  io.note(`${io.errStyle.accent('try:')} if they announce addresses of another network, --address-map ${first.name}=HOST:PORT or *=HOST`);
}

/** Keys of every master, asked at the same time; the error's text where one doesn't tell. */
export async function countKeys(cluster: Cluster): Promise<KeyCounts> {
  const counts = cluster.view.masters.map(async (node): Promise<readonly [string, number | string]> => {
    try {
      return [node.id, await (await cluster.admin(node.id)).dbSize()];
    } catch (error) {
      return [node.id, error instanceof Error ? error.message : String(error)];
    }
  });
  return new Map(await Promise.all(counts));
}
