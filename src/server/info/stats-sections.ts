// INFO stats, commandstats, errorstats: counters of the node.
import type { Command } from '../exec/command.js';
import type { Field, InfoSection } from './section.js';

export const statsSection: InfoSection = {
  name: 'stats',
  title: 'Stats',
  byDefault: true,
  fields: (node) => {
    const { stats, keyspace, pubsub, tracking } = node;
    return [
      ['total_connections_received', stats.connectionsReceived],
      ['total_commands_processed', stats.commandsProcessed],
      ['instantaneous_ops_per_sec', Math.round(stats.commandRate.perSecond)],
      ['total_net_input_bytes', stats.bytesIn],
      ['total_net_output_bytes', stats.bytesOut],
      ['instantaneous_input_kbps', (stats.inRate.perSecond / 1024).toFixed(2)],
      ['instantaneous_output_kbps', (stats.outRate.perSecond / 1024).toFixed(2)],
      ['rejected_connections', stats.rejectedConnections],
      ['sync_full', stats.syncFull],
      ['sync_partial_ok', stats.syncPartialOk],
      ['sync_partial_err', stats.syncPartialErr],
      ['expired_keys', keyspace.stats.expired],
      ['evicted_keys', keyspace.stats.evicted],
      ['evicted_clients', stats.evictedClients],
      ['keyspace_hits', keyspace.stats.hits],
      ['keyspace_misses', keyspace.stats.misses],
      ['pubsub_channels', pubsub.channels.size],
      ['pubsub_patterns', pubsub.patterns.size],
      ['pubsubshard_channels', pubsub.shardChannels.size],
      ['latest_fork_usec', 0],
      ['total_forks', 0],
      ['tracking_total_keys', tracking.trackedKeys],
      ['tracking_total_items', tracking.trackedItems],
      ['tracking_total_prefixes', tracking.trackedPrefixes],
      ['unexpected_error_replies', stats.unexpectedErrors],
      ['total_error_replies', stats.errorReplies],
    ];
  },
};

export const commandStatsSection: InfoSection = {
  name: 'commandstats',
  title: 'Commandstats',
  byDefault: false,
  fields: (node) => {
    const fields: Field[] = [];
    const add = (command: Command): void => {
      const { calls, microseconds, rejected, failed } = command.stats;
      if (calls + rejected + failed > 0) {
        const usec = Math.round(microseconds);
        const each = calls === 0 ? '0.00' : (usec / calls).toFixed(2);
        fields.push([`cmdstat_${command.fullName}`, `calls=${calls},usec=${usec},usec_per_call=${each},rejected_calls=${rejected},failed_calls=${failed}`]);
      }
      for (const sub of command.subcommands?.values() ?? []) add(sub);
    };
    for (const command of node.commands.all) add(command);
    return fields;
  },
};

export const errorStatsSection: InfoSection = {
  name: 'errorstats',
  title: 'Errorstats',
  byDefault: true,
  fields: ({ stats }) => [...stats.errors].sort().map(([code, count]): Field => [`errorstat_${code}`, `count=${count}`]),
};
