// Parameters of snapshots, the append-only file and replication. This version keeps data in memory only.
import { INT, LONG, bool, integer, memory, oneOf, text } from '../kinds.js';
import { acted, kept } from '../parameter.js';
import type { Parameter } from '../parameter.js';
import { backlogSize, bareName, masterAddress, savePoints } from '../special-kinds.js';

const COUNT = integer(0n, INT);
const IMMUTABLE = { immutable: true };

export const persistenceParameters: readonly Parameter[] = [
  kept('save', savePoints, '3600 1 300 100 60 10000'),
  kept('dbfilename', bareName('dbfilename', 'filename', true), 'dump.rdb', { protected: true }),
  kept('rdbcompression', bool, 'yes'),
  kept('rdbchecksum', bool, 'yes', IMMUTABLE),
  kept('rdb-del-sync-files', bool, 'no'),
  kept('rdb-save-incremental-fsync', bool, 'yes'),
  kept('stop-writes-on-bgsave-error', bool, 'yes'),
  kept('appendonly', bool, 'no'),
  kept('appendfsync', oneOf('everysec', 'always', 'no'), 'everysec'),
  kept('appendfilename', bareName('appendfilename', 'filename', false), 'appendonly.aof', IMMUTABLE),
  kept('appenddirname', bareName('appenddirname', 'dirname', false), 'appendonlydir', IMMUTABLE),
  kept('no-appendfsync-on-rewrite', bool, 'no'),
  kept('auto-aof-rewrite-percentage', COUNT, '100'),
  kept('auto-aof-rewrite-min-size', memory(), '67108864'),
  kept('aof-load-truncated', bool, 'yes'),
  kept('aof-rewrite-incremental-fsync', bool, 'yes'),
  kept('aof-use-rdb-preamble', bool, 'yes'),
  kept('aof-timestamp-enabled', bool, 'no'),
  kept('aof-disable-auto-gc', bool, 'no'),
];

export const replicationParameters: readonly Parameter[] = [
  kept('replicaof', masterAddress, '', { immutable: true, alias: 'slaveof' }),
  kept('masteruser', text(), ''),
  kept('masterauth', text(), ''),
  kept('replica-serve-stale-data', bool, 'yes', { alias: 'slave-serve-stale-data' }),
  kept('replica-read-only', bool, 'yes', { alias: 'slave-read-only' }),
  kept('replica-ignore-maxmemory', bool, 'yes', { alias: 'slave-ignore-maxmemory' }),
  kept('replica-lazy-flush', bool, 'no', { alias: 'slave-lazy-flush' }),
  kept('replica-priority', COUNT, '100', { alias: 'slave-priority' }),
  kept('replica-announce-ip', text(), '', { alias: 'slave-announce-ip' }),
  kept('replica-announce-port', integer(0n, 65_535n), '0', { alias: 'slave-announce-port' }),
  kept('replica-announced', bool, 'yes'),
  kept('replica-ignore-disk-write-errors', bool, 'no'),
  kept('propagation-error-behavior', oneOf('ignore', 'panic', 'panic-on-replicas'), 'ignore'),
  kept('min-replicas-to-write', COUNT, '0', { alias: 'min-slaves-to-write' }),
  kept('min-replicas-max-lag', COUNT, '10', { alias: 'min-slaves-max-lag' }),
  kept('repl-backlog-size', backlogSize, '1048576'),
  kept('repl-backlog-ttl', integer(0n, LONG), '3600'),
  kept('repl-timeout', integer(1n, INT), '60'),
  acted('repl-ping-replica-period', integer(1n, INT), '10', { alias: 'repl-ping-slave-period' }),
  kept('repl-disable-tcp-nodelay', bool, 'no'),
  kept('repl-diskless-sync', bool, 'yes'),
  kept('repl-diskless-sync-delay', COUNT, '5'),
  kept('repl-diskless-sync-max-replicas', COUNT, '0'),
  kept('repl-diskless-load', oneOf('disabled', 'on-empty-db', 'swapdb'), 'disabled'),
];
