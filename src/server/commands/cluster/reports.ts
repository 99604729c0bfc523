// CLUSTER subcommands that only report: NODES, SLOTS, SHARDS, LINKS, INFO … (cluster-node.md 6.2). The facts come from
// server/cluster/views/; their reply format is here.
import type { Args } from '../../exec/command.js';
import { ErrorReply, MapReply, Simple, VerbatimReply } from '../../../resp/server-reply.js';
import type { ServerReply } from '../../../resp/server-reply.js';
import { infoText, nodeLine, nodesText } from '../../cluster/views/describe.js';
import { describeLinks, describeShards, describeSlots } from '../../cluster/views/describe-replies.js';
import type { ShardNode } from '../../cluster/views/describe-replies.js';
import { busOf } from '../../cluster/node-cluster.js';
import type { NodeRecord } from '../../cluster/state/node-record.js';
import type { ClusterState } from '../../cluster/state/state.js';
import { countFailureReports } from '../../cluster/rules/failure.js';
import type { CommandContext } from '../../exec/context.js';

export function clusterMyid(ctx: CommandContext): ServerReply {
  return busOf(ctx.node).state.myself.id;
}

export function clusterNodes(ctx: CommandContext): ServerReply {
  return new VerbatimReply(nodesText(busOf(ctx.node).state));
}

export function clusterInfo(ctx: CommandContext): ServerReply {
  return new VerbatimReply(infoText(busOf(ctx.node).state));
}

export function clusterSlots(ctx: CommandContext): ServerReply {
  return describeSlots(busOf(ctx.node).state).map(({ start, end, nodes }) => [
    start,
    end,
    ...nodes.map((node) => [node.endpoint, node.port, node.id, new MapReply(node.metadata)]),
  ]);
}

export function clusterShards(ctx: CommandContext): ServerReply {
  return describeShards(busOf(ctx.node).state).map(({ slots, nodes }) => new MapReply(['slots', slots, 'nodes', nodes.map(shardNodeReply)]));
}

function shardNodeReply(node: ShardNode): ServerReply {
  const port: ServerReply[] = node.port === 0 ? [] : ['port', node.port];
  const hostname = node.hostname === '' ? [] : ['hostname', node.hostname];
  return new MapReply([
    'id', node.id, ...port, 'ip', node.ip, 'endpoint', node.endpoint, ...hostname,
    'role', node.role, 'replication-offset', node.offset, 'health', node.health,
  ]);
}

export function clusterLinks(ctx: CommandContext): ServerReply {
  return describeLinks(busOf(ctx.node).state).map(
    (link) =>
      new MapReply([
        'direction', link.direction, 'node', link.node, 'create-time', link.createTime, 'events', link.events,
        'send-buffer-allocated', link.queuedBytes, 'send-buffer-used', link.queuedBytes,
      ]),
  );
}

function knownNode(state: ClusterState, id: string | undefined): NodeRecord {
  const node = state.lookup(id ?? '');
  if (node === undefined) throw new ErrorReply(`ERR Unknown node ${id ?? ''}`);
  return node;
}

export function clusterReplicas(ctx: CommandContext, args: Args): ServerReply {
  const { state } = busOf(ctx.node);
  const master = knownNode(state, args[2]);
  if (master.isReplica) throw new ErrorReply('ERR The specified node is not a master');
  return master.replicas.map((node) => nodeLine(state, node));
}

export function clusterCountFailureReports(ctx: CommandContext, args: Args): ServerReply {
  const bus = busOf(ctx.node);
  const node = knownNode(bus.state, args[2]);
  return bus.administer((turn) => countFailureReports(turn, node));
}

/** In the order of Redis 7.0; the explanations are this program's own. */
const HELP: readonly (readonly [syntax: string, ...explanation: string[]])[] = [
  ['ADDSLOTS <slot> [<slot> ...]', 'Take unowned slots.'],
  ['ADDSLOTSRANGE <start slot> <end slot> [<start slot> <end slot> ...]', 'Take ranges of unowned slots, both ends included.'],
  ['BUMPEPOCH', 'Raise the config epoch of this node.'],
  ['COUNT-FAILURE-REPORTS <node-id>', 'How many masters report the node as failing.'],
  ['COUNTKEYSINSLOT <slot>', 'How many keys this node holds in the slot.'],
  ['DELSLOTS <slot> [<slot> ...]', 'Forget the owners of slots, on this node only.'],
  ['DELSLOTSRANGE <start slot> <end slot> [<start slot> <end slot> ...]', 'Forget the owners of ranges of slots, on this node only.'],
  ['FAILOVER [FORCE|TAKEOVER]', 'Make a replica replace its master.'],
  ['FORGET <node-id>', 'Drop a node from the table of this node.'],
  ['GETKEYSINSLOT <slot> <count>', 'Names of keys in the slot, at most <count>.'],
  ['FLUSHSLOTS', 'Give up all slots of this node; it must hold no keys.'],
  ['INFO', 'State of the cluster and message counters.'],
  ['KEYSLOT <key>', 'The slot of a key.'],
  ['MEET <ip> <port> [<bus-port>]', 'Join this node with another one.'],
  ['MYID', 'The id of this node.'],
  ['NODES', 'All known nodes, one a line:', '<id> <ip:port@bus-port> <flags> <master> <pings> <pongs> <epoch> <link> <slot> ...'],
  ['REPLICATE <node-id>', 'Become a replica of a master.'],
  ['RESET [HARD|SOFT]', 'Leave the cluster; HARD also takes a new identity (default: SOFT).'],
  ['SET-CONFIG-EPOCH <epoch>', 'Give a node that knows no other its config epoch.'],
  ['SETSLOT <slot> (IMPORTING <node-id>|MIGRATING <node-id>|STABLE|NODE <node-id>)', 'Open, close or assign a slot.'],
  ['REPLICAS <node-id>', 'The replicas of a master.'],
  ['SAVECONFIG', 'Write the cluster configuration file to disk.'],
  ['SLOTS', 'Ranges of slots with their nodes, for each:', 'start, end, then address, port and id of the master and its replicas.'],
  ['SHARDS', 'Shards with their slots and nodes.'],
  ['LINKS', 'Connections of the cluster bus, for each:', 'direction, node, time of creation, events and buffers.'],
  ['HELP', 'Print this help.'],
];

export function clusterHelp(ctx: CommandContext): ServerReply {
  busOf(ctx.node);
  const lines = HELP.flatMap(([syntax, ...explanation]) => [syntax, ...explanation.map((line) => `    ${line}`)]);
  return ['CLUSTER <subcommand> [<arg> [value] [opt] ...]. Subcommands are:', ...lines].map((line) => new Simple(line));
}
