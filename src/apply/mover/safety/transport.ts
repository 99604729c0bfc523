// The address at which a source reaches a target with MIGRATE. The source uses TLS when its cluster bus does (tls-cluster),
// whatever this client uses, so the port may differ.
import type { Address } from '../../../cluster/address.js';
import type { PipelineReply } from '../../../client/connection.js';
import { settingValue } from '../../../client/read-reply.js';
import { TribError } from '../../../errors.js';
import type { Reply } from '../../../resp/reply.js';
import type { NodeLink } from '../../node/node-link.js';

/** A field of a map reply: a map in RESP3, alternating names and values in RESP2. */
function field(reply: Reply | undefined, name: string): Reply | undefined {
  if (reply instanceof Map) return [...reply].find(([key]) => key === name)?.[1];
  const at = Array.isArray(reply) ? reply.findIndex((item, index) => index % 2 === 0 && item === name) : -1;
  return Array.isArray(reply) && at >= 0 ? reply[at + 1] : undefined;
}

/** A node's TLS or plain port in a reply to CLUSTER SHARDS; undefined when absent. */
export function portInShards(shards: PipelineReply | undefined, id: string, tls: boolean): number | undefined {
  for (const shard of Array.isArray(shards) ? shards : []) {
    const nodes = field(shard, 'nodes');
    const node = Array.isArray(nodes) ? nodes.find((one) => field(one, 'id') === id) : undefined;
    const port = Number(field(node, tls ? 'tls-port' : 'port') ?? 0);
    if (port > 0) return port;
  }
  return undefined;
}

function noWay(source: NodeLink, target: NodeLink, tls: boolean): TribError {
  const speaks = tls ? 'TLS (its tls-cluster is yes)' : 'plain text (its tls-cluster is no)';
  return new TribError('TRANSPORT', `${source.name} uses ${speaks} to connect to other nodes, and ${target.name} has no such port`, {
    hint: `configure ${tls ? 'tls-port' : 'port'} on ${target.name}, or set tls-cluster equally on all nodes`,
  });
}

/** From the source's CLUSTER SHARDS (7.0 and later), else from the target's own settings. */
async function otherPort(source: NodeLink, target: NodeLink, tls: boolean): Promise<number | undefined> {
  const [shards] = await (await source.connection()).pipeline([['CLUSTER', 'SHARDS']]);
  const announced = portInShards(shards, target.id, tls);
  if (announced !== undefined) return announced;
  const [own] = await (await target.connection()).pipeline([['CONFIG', 'GET', tls ? 'tls-port' : 'port']]);
  const port = Number(settingValue(own) ?? 0);
  return port > 0 ? port : undefined;
}

/**
 * The target's address for the source's MIGRATE. `tlsCluster`: the source's setting, undefined when unknown; then the first
 * MIGRATE shows it. Throws TribError TRANSPORT when the target has no such port.
 */
export async function routeTo(source: NodeLink, target: NodeLink, tlsCluster: string | undefined): Promise<Address> {
  const tls = tlsCluster === 'yes';
  if (tlsCluster === undefined || tls === target.usesTls) return target.announced;
  const port = await otherPort(source, target, tls);
  if (port === undefined) throw noWay(source, target, tls);
  return { host: target.announced.host, port };
}
