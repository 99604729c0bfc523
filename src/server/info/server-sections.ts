// INFO server, clients, cpu, modules, cluster: the node and its connections.
import { arch, release, type } from 'node:os';
import { REDIS_VERSION } from '../runtime/version.js';
import type { InfoSection } from './section.js';

const DAY = 86_400;

export const serverSection: InfoSection = {
  name: 'server',
  title: 'Server',
  byDefault: true,
  fields: (node) => {
    const { seconds, micros } = node.clock.micros();
    const uptime = Math.floor((node.clock.now() - node.startedAt) / 1000);
    return [
      ['redis_version', REDIS_VERSION],
      ['redis_git_sha1', '00000000'],
      ['redis_git_dirty', 0],
      ['redis_build_id', 'redis-trib-server'],
      ['redis_mode', node.cluster ? 'cluster' : 'standalone'],
      ['os', `${type()} ${release()} ${arch()}`],
      ['arch_bits', /64|s390x/.test(arch()) ? 64 : 32],
      ['multiplexing_api', 'libuv'],
      ['process_id', process.pid],
      ['process_supervised', 'no'],
      ['run_id', node.runId],
      ['tcp_port', node.port],
      ['server_time_usec', `${seconds}${String(micros).padStart(6, '0')}`],
      ['uptime_in_seconds', uptime],
      ['uptime_in_days', Math.floor(uptime / DAY)],
      ['hz', 10],
      ['configured_hz', node.config.integer('hz')],
      ['lru_clock', seconds % (1 << 24)],
      ['executable', process.argv[1] ?? process.execPath],
      ['config_file', node.config.file ?? ''],
      ['io_threads_active', 0],
      ...(node.orderlyShutdown.remainingMs === null ? [] : [['shutdown_in_milliseconds', node.orderlyShutdown.remainingMs] as const]),
    ];
  },
};

export const clientsSection: InfoSection = {
  name: 'clients',
  title: 'Clients',
  byDefault: true,
  fields: (node) => [
    ['connected_clients', node.clients.size],
    ['maxclients', node.config.integer('maxclients')],
    ['blocked_clients', node.blocking.size],
    ['tracking_clients', node.tracking.clients],
  ],
};

export const cpuSection: InfoSection = {
  name: 'cpu',
  title: 'CPU',
  byDefault: true,
  fields: () => {
    const { user, system } = process.cpuUsage();
    return [
      ['used_cpu_sys', (system / 1e6).toFixed(6)],
      ['used_cpu_user', (user / 1e6).toFixed(6)],
    ];
  },
};

export const clusterSection: InfoSection = {
  name: 'cluster',
  title: 'Cluster',
  byDefault: true,
  fields: (node) => [['cluster_enabled', node.cluster ? 1 : 0]],
};

export const modulesSection: InfoSection = { name: 'modules', title: 'Modules', byDefault: true, fields: () => [] };
