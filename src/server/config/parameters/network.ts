// Parameters of listening, clients and the process.
import { INT, UINT, bool, integer, memory, memoryOrPercent, oneOf, someOf, text } from '../kinds.js';
import { effective, ignored } from '../parameter.js';
import type { Parameter } from '../parameter.js';
import { fromPath } from '../paths.js';
import { addresses, fileMode, folder, frequency, oomScores, outputLimits, titleTemplate } from '../special-kinds.js';

const PORT = integer(0n, 65_535n);
const ON_SIGNAL = someOf('default', 'save', 'nosave', 'now', 'force');
const IMMUTABLE = { immutable: true };

export const networkParameters: readonly Parameter[] = [
  effective('bind', addresses, '* -::*'),
  effective('bind-source-addr', text(), ''),
  effective('port', PORT, '6379'),
  effective('ephemeral-port', bool, 'no', { immutable: true, hidden: true }),
  effective('tcp-backlog', integer(0n, INT), '511', IMMUTABLE),
  effective('tcp-keepalive', integer(0n, INT), '300'),
  effective('timeout', integer(0n, INT), '0'),
  ignored('unixsocket', text(), '', IMMUTABLE),
  ignored('unixsocketperm', fileMode, '0', IMMUTABLE),
  ignored('socket-mark-id', integer(0n, UINT), '0', IMMUTABLE),
  effective('protected-mode', bool, 'yes'),
  effective('maxclients', integer(1n, UINT), '10000'),
  ignored('maxmemory-clients', memoryOrPercent, '0'),
  effective('client-output-buffer-limit', outputLimits, 'normal 0 0 0 slave 268435456 67108864 60 pubsub 33554432 8388608 60'),
  effective('client-query-buffer-limit', memory(1_048_576n), '1073741824'),
  effective('proto-max-bulk-len', memory(1_048_576n), '536870912'),
  ignored('io-threads', integer(1n, 128n), '1', IMMUTABLE),
  ignored('io-threads-do-reads', bool, 'no', IMMUTABLE),
  effective('tracking-table-max-keys', integer(0n, 9_223_372_036_854_775_807n), '1000000'),
];

export const processParameters: readonly Parameter[] = [
  effective('daemonize', bool, 'no', IMMUTABLE),
  effective('pidfile', text(), '', IMMUTABLE),
  effective('dir', folder, fromPath(process.cwd()), { protected: true }),
  effective('loglevel', oneOf('debug', 'verbose', 'notice', 'warning'), 'notice'),
  effective('logfile', text(), '', IMMUTABLE),
  ignored('syslog-enabled', bool, 'no', IMMUTABLE),
  ignored('syslog-ident', text(), 'redis', IMMUTABLE),
  ignored('syslog-facility', oneOf('user', 'local0', 'local1', 'local2', 'local3', 'local4', 'local5', 'local6', 'local7'), 'local0', IMMUTABLE),
  ignored('supervised', oneOf('upstart', 'systemd', 'auto', 'no'), 'no', IMMUTABLE),
  effective('always-show-logo', bool, 'no', IMMUTABLE),
  effective('set-proc-title', bool, 'yes', IMMUTABLE),
  effective('proc-title-template', titleTemplate, '{title} {listen-addr} {server-mode}'),
  effective('databases', integer(1n, INT), '16', IMMUTABLE),
  ignored('hz', frequency, '10'),
  ignored('dynamic-hz', bool, 'yes'),
  effective('shutdown-on-sigint', ON_SIGNAL, 'default'),
  effective('shutdown-on-sigterm', ON_SIGNAL, 'default'),
  effective('shutdown-timeout', integer(0n, INT), '10'),
  ignored('crash-log-enabled', bool, 'yes'),
  ignored('crash-memcheck-enabled', bool, 'yes'),
  ignored('disable-thp', bool, 'yes', IMMUTABLE),
  ignored('ignore-warnings', text(), ''),
  ignored('oom-score-adj', oneOf('no', 'yes', 'relative', 'absolute'), 'no'),
  ignored('oom-score-adj-values', oomScores, '0 200 800'),
  ignored('server_cpulist', text(), '', IMMUTABLE),
  ignored('bio_cpulist', text(), '', IMMUTABLE),
  ignored('aof_rewrite_cpulist', text(), '', IMMUTABLE),
  ignored('bgsave_cpulist', text(), '', IMMUTABLE),
];
