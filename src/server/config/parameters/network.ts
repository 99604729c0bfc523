// Parameters of listening, clients and the process.
import { INT, UINT, bool, integer, memory, memoryOrPercent, oneOf, someOf, text } from '../kinds.js';
import { acted, kept } from '../parameter.js';
import type { Parameter } from '../parameter.js';
import { fromPath } from '../paths.js';
import { addresses, fileMode, folder, frequency, oomScores, outputLimits, titleTemplate } from '../special-kinds.js';

const PORT = integer(0n, 65_535n);
const ON_SIGNAL = someOf('default', 'save', 'nosave', 'now', 'force');
const IMMUTABLE = { immutable: true };

export const networkParameters: readonly Parameter[] = [
  acted('bind', addresses, '* -::*'),
  kept('bind-source-addr', text(), ''),
  acted('port', PORT, '6379'),
  acted('ephemeral-port', bool, 'no', { immutable: true, hidden: true }),
  acted('tcp-backlog', integer(0n, INT), '511', IMMUTABLE),
  acted('tcp-keepalive', integer(0n, INT), '300'),
  acted('timeout', integer(0n, INT), '0'),
  kept('unixsocket', text(), '', IMMUTABLE),
  kept('unixsocketperm', fileMode, '0', IMMUTABLE),
  kept('socket-mark-id', integer(0n, UINT), '0', IMMUTABLE),
  acted('protected-mode', bool, 'yes'),
  acted('maxclients', integer(1n, UINT), '10000'),
  kept('maxmemory-clients', memoryOrPercent, '0'),
  acted('client-output-buffer-limit', outputLimits, 'normal 0 0 0 slave 268435456 67108864 60 pubsub 33554432 8388608 60'),
  acted('client-query-buffer-limit', memory(1_048_576n), '1073741824'),
  acted('proto-max-bulk-len', memory(1_048_576n), '536870912'),
  kept('io-threads', integer(1n, 128n), '1', IMMUTABLE),
  kept('io-threads-do-reads', bool, 'no', IMMUTABLE),
  kept('tracking-table-max-keys', integer(0n, 9_223_372_036_854_775_807n), '1000000'),
];

export const processParameters: readonly Parameter[] = [
  acted('daemonize', bool, 'no', IMMUTABLE),
  acted('pidfile', text(), '', IMMUTABLE),
  acted('dir', folder, fromPath(process.cwd()), { protected: true }),
  acted('loglevel', oneOf('debug', 'verbose', 'notice', 'warning'), 'notice'),
  acted('logfile', text(), '', IMMUTABLE),
  kept('syslog-enabled', bool, 'no', IMMUTABLE),
  kept('syslog-ident', text(), 'redis', IMMUTABLE),
  kept('syslog-facility', oneOf('user', 'local0', 'local1', 'local2', 'local3', 'local4', 'local5', 'local6', 'local7'), 'local0', IMMUTABLE),
  kept('supervised', oneOf('upstart', 'systemd', 'auto', 'no'), 'no', IMMUTABLE),
  kept('always-show-logo', bool, 'no', IMMUTABLE),
  acted('set-proc-title', bool, 'yes', IMMUTABLE),
  acted('proc-title-template', titleTemplate, '{title} {listen-addr} {server-mode}'),
  acted('databases', integer(1n, INT), '16', IMMUTABLE),
  kept('hz', frequency, '10'),
  kept('dynamic-hz', bool, 'yes'),
  acted('shutdown-on-sigint', ON_SIGNAL, 'default'),
  acted('shutdown-on-sigterm', ON_SIGNAL, 'default'),
  kept('shutdown-timeout', integer(0n, INT), '10'),
  kept('crash-log-enabled', bool, 'yes'),
  kept('crash-memcheck-enabled', bool, 'yes'),
  kept('disable-thp', bool, 'yes', IMMUTABLE),
  kept('ignore-warnings', text(), ''),
  kept('oom-score-adj', oneOf('no', 'yes', 'relative', 'absolute'), 'no'),
  kept('oom-score-adj-values', oomScores, '0 200 800'),
  kept('server_cpulist', text(), '', IMMUTABLE),
  kept('bio_cpulist', text(), '', IMMUTABLE),
  kept('aof_rewrite_cpulist', text(), '', IMMUTABLE),
  kept('bgsave_cpulist', text(), '', IMMUTABLE),
];
