// INFO replication (persistence-replication.md 4.10): role, link to the master, replicas, ids and offsets.
import type { NodeServices } from '../exec/context.js';
import { replicationOf } from '../replication/replication.js';
import type { Replication } from '../replication/replication.js';
import type { Field, InfoSection } from './section.js';

export const replicationSection: InfoSection = {
  name: 'replication',
  title: 'Replication',
  byDefault: true,
  fields: (node) => {
    const replication = replicationOf(node);
    const { history, masterSide, settings, failover } = replication;
    masterSide.stream.flush();
    const { backlog } = masterSide;
    return [
      ['role', replication.role === 'replica' ? 'slave' : 'master'],
      ...masterFields(node, replication),
      ...replicaFields(replication),
      ['master_failover_state', failover.state],
      ['master_replid', history.replid],
      ['master_replid2', history.replid2],
      ['master_repl_offset', history.offset],
      ['second_repl_offset', history.secondOffset],
      ['repl_backlog_active', backlog === null ? 0 : 1],
      ['repl_backlog_size', settings.backlogSize],
      ['repl_backlog_first_byte_offset', backlog?.firstOffset ?? 0],
      ['repl_backlog_histlen', backlog?.length ?? 0],
    ];
  },
};

/** Of a replica: the link to its master. */
function masterFields(node: NodeServices, { following, linkUp }: Replication): Field[] {
  if (following === null) return [];
  const now = node.clock.now();
  const seconds = (since: number): number => Math.max(0, Math.floor((now - since) / 1000));
  const link = following.current;
  const syncing = link?.phase === 'sync' || link?.phase === 'loading';
  const fields: Field[] = [
    ['master_host', following.target.host],
    ['master_port', following.target.port],
    ['master_link_status', linkUp ? 'up' : 'down'],
    ['master_last_io_seconds_ago', linkUp ? seconds(link!.lastIo) : -1],
    ['master_sync_in_progress', syncing ? 1 : 0],
    ['slave_read_repl_offset', following.readOffset],
    ['slave_repl_offset', following.offset],
  ];
  if (syncing) {
    const total = link.transfer?.total ?? 0;
    const read = link.transfer?.received ?? 0;
    const percent = total > 0 ? (read / total) * 100 : 0;
    fields.push(
      ['master_sync_total_bytes', total],
      ['master_sync_read_bytes', read],
      ['master_sync_left_bytes', total - read],
      ['master_sync_perc', percent.toFixed(2)],
      ['master_sync_last_io_seconds_ago', seconds(link.lastIo)],
    );
  }
  if (!linkUp) fields.push(['master_link_down_since_seconds', following.downSince === 0 ? -1 : seconds(following.downSince)]);
  const flag = (name: string): number => (node.config.flag(name) ? 1 : 0);
  fields.push(
    ['slave_priority', node.config.integer('replica-priority')],
    ['slave_read_only', flag('replica-read-only')],
    ['replica_announced', flag('replica-announced')],
  );
  return fields;
}

/** Replicas of this node. */
function replicaFields({ masterSide, settings, following }: Replication): Field[] {
  const { replicas } = masterSide;
  const fields: Field[] = [['connected_slaves', replicas.size]];
  if (settings.minReplicas > 0 && settings.maxLagSeconds > 0) {
    fields.push(['min_slaves_good_slaves', following === null ? replicas.good(settings.maxLagSeconds) : 0]);
  }
  let index = 0;
  for (const { ip, port, state, ackOffset, lagMs } of masterSide.views()) {
    fields.push([`slave${index++}`, `ip=${ip},port=${port},state=${state},offset=${ackOffset},lag=${Math.floor(lagMs / 1000)}`]);
  }
  return fields;
}
