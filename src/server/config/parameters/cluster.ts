// Parameters of cluster mode (cluster-node.md 7).
import { INT, LONG, ULONG, bool, integer, memory, oneOf, text } from '../kinds.js';
import { effective, ignored } from '../parameter.js';
import type { Parameter } from '../parameter.js';
import { hostname } from '../special-kinds.js';

const PORT = integer(0n, 65_535n);
const IMMUTABLE = { immutable: true };

export const clusterParameters: readonly Parameter[] = [
  effective('cluster-enabled', bool, 'no', IMMUTABLE),
  effective('cluster-config-file', text(), 'nodes.conf', IMMUTABLE),
  effective('cluster-port', PORT, '0', IMMUTABLE),
  effective('cluster-node-timeout', integer(0n, LONG), '15000'),
  effective('cluster-announce-ip', text(), ''),
  effective('cluster-announce-port', PORT, '0'),
  effective('cluster-announce-bus-port', PORT, '0'),
  ignored('cluster-announce-tls-port', PORT, '0'),
  effective('cluster-announce-hostname', hostname, ''),
  effective('cluster-preferred-endpoint-type', oneOf('ip', 'hostname', 'unknown-endpoint'), 'ip'),
  effective('cluster-require-full-coverage', bool, 'yes'),
  effective('cluster-allow-reads-when-down', bool, 'no'),
  effective('cluster-allow-pubsubshard-when-down', bool, 'yes'),
  effective('cluster-allow-replica-migration', bool, 'yes'),
  effective('cluster-migration-barrier', integer(0n, INT), '1'),
  effective('cluster-replica-validity-factor', integer(0n, INT), '10', { alias: 'cluster-slave-validity-factor' }),
  effective('cluster-replica-no-failover', bool, 'no', { alias: 'cluster-slave-no-failover' }),
  effective('cluster-link-sendbuf-limit', memory(0n, ULONG), '0'),
];
