// Parameters of cluster mode (specs/cluster-node.md 7).
import { INT, LONG, ULONG, bool, integer, memory, oneOf, text } from '../kinds.js';
import { acted } from '../parameter.js';
import type { Parameter } from '../parameter.js';
import { hostname } from '../special-kinds.js';

const PORT = integer(0n, 65_535n);
const IMMUTABLE = { immutable: true };

export const clusterParameters: readonly Parameter[] = [
  acted('cluster-enabled', bool, 'no', IMMUTABLE),
  acted('cluster-config-file', text(), 'nodes.conf', IMMUTABLE),
  acted('cluster-port', PORT, '0', IMMUTABLE),
  acted('cluster-node-timeout', integer(0n, LONG), '15000'),
  acted('cluster-announce-ip', text(), ''),
  acted('cluster-announce-port', PORT, '0'),
  acted('cluster-announce-bus-port', PORT, '0'),
  acted('cluster-announce-tls-port', PORT, '0'),
  acted('cluster-announce-hostname', hostname, ''),
  acted('cluster-preferred-endpoint-type', oneOf('ip', 'hostname', 'unknown-endpoint'), 'ip'),
  acted('cluster-require-full-coverage', bool, 'yes'),
  acted('cluster-allow-reads-when-down', bool, 'no'),
  acted('cluster-allow-pubsubshard-when-down', bool, 'yes'),
  acted('cluster-allow-replica-migration', bool, 'yes'),
  acted('cluster-migration-barrier', integer(0n, INT), '1'),
  acted('cluster-replica-validity-factor', integer(0n, INT), '10', { alias: 'cluster-slave-validity-factor' }),
  acted('cluster-replica-no-failover', bool, 'no', { alias: 'cluster-slave-no-failover' }),
  acted('cluster-link-sendbuf-limit', memory(0n, ULONG), '0'),
];
