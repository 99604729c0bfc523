// Parameters of snapshots, the append-only file and replication.
import { INT, LONG, bool, integer, memory, oneOf, text } from '../kinds.js';
import { effective, ignored } from '../parameter.js';
import type { Parameter } from '../parameter.js';
import { backlogSize, bareName, masterAddress, savePoints } from '../special-kinds.js';

const COUNT = integer(0n, INT);
const SECRET = { secret: true };
const IMMUTABLE = { immutable: true };

export const persistenceParameters: readonly Parameter[] = [
  effective('save', savePoints, '3600 1 300 100 60 10000'),
  effective('dbfilename', bareName('dbfilename', 'filename', true), 'dump.rdb', { protected: true }),
  effective('rdbcompression', bool, 'yes'),
  effective('rdbchecksum', bool, 'yes', IMMUTABLE),
  ignored('rdb-del-sync-files', bool, 'no'),
  ignored('rdb-save-incremental-fsync', bool, 'yes'),
  effective('stop-writes-on-bgsave-error', bool, 'yes'),
  effective('appendonly', bool, 'no'),
  effective('appendfsync', oneOf('everysec', 'always', 'no'), 'everysec'),
  effective('appendfilename', bareName('appendfilename', 'filename', false), 'appendonly.aof', IMMUTABLE),
  effective('appenddirname', bareName('appenddirname', 'dirname', false), 'appendonlydir', IMMUTABLE),
  effective('no-appendfsync-on-rewrite', bool, 'no'),
  effective('auto-aof-rewrite-percentage', COUNT, '100'),
  effective('auto-aof-rewrite-min-size', memory(), '67108864'),
  effective('aof-load-truncated', bool, 'yes'),
  ignored('aof-rewrite-incremental-fsync', bool, 'yes'),
  effective('aof-use-rdb-preamble', bool, 'yes'),
  effective('aof-timestamp-enabled', bool, 'no'),
  effective('aof-disable-auto-gc', bool, 'no'),
];

export const replicationParameters: readonly Parameter[] = [
  effective('replicaof', masterAddress, '', { immutable: true, alias: 'slaveof' }),
  effective('masteruser', text(), '', SECRET),
  effective('masterauth', text(), '', SECRET),
  effective('replica-serve-stale-data', bool, 'yes', { alias: 'slave-serve-stale-data' }),
  effective('replica-read-only', bool, 'yes', { alias: 'slave-read-only' }),
  ignored('replica-ignore-maxmemory', bool, 'yes', { alias: 'slave-ignore-maxmemory' }),
  ignored('replica-lazy-flush', bool, 'no', { alias: 'slave-lazy-flush' }),
  effective('replica-priority', COUNT, '100', { alias: 'slave-priority' }),
  effective('replica-announce-ip', text(), '', { alias: 'slave-announce-ip' }),
  effective('replica-announce-port', integer(0n, 65_535n), '0', { alias: 'slave-announce-port' }),
  effective('replica-announced', bool, 'yes'),
  ignored('replica-ignore-disk-write-errors', bool, 'no'),
  ignored('propagation-error-behavior', oneOf('ignore', 'panic', 'panic-on-replicas'), 'ignore'),
  effective('min-replicas-to-write', COUNT, '0', { alias: 'min-slaves-to-write' }),
  effective('min-replicas-max-lag', COUNT, '10', { alias: 'min-slaves-max-lag' }),
  effective('repl-backlog-size', backlogSize, '1048576'),
  effective('repl-backlog-ttl', integer(0n, LONG), '3600'),
  effective('repl-timeout', integer(1n, INT), '60'),
  effective('repl-ping-replica-period', integer(1n, INT), '10', { alias: 'repl-ping-slave-period' }),
  effective('repl-disable-tcp-nodelay', bool, 'no'),
  effective('repl-diskless-sync', bool, 'yes'),
  effective('repl-diskless-sync-delay', COUNT, '5'),
  effective('repl-diskless-sync-max-replicas', COUNT, '0'),
  effective('repl-diskless-load', oneOf('disabled', 'on-empty-db', 'swapdb'), 'disabled'),
];
