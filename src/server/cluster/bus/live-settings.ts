// Cluster settings as plain fields, kept in step with the configuration: the state machine reads them at every packet.
import type { Config } from '../../config/config.js';
import type { ClusterSettings, EndpointType } from '../state/cluster-config.js';
import { DEFAULT_SETTINGS } from '../state/cluster-config.js';

type Fields = { -readonly [K in keyof ClusterSettings]: ClusterSettings[K] };

/** Settings that follow CONFIG SET; `servesAtOnce` has no parameter. */
export function liveSettings(config: Config, servesAtOnce = false): ClusterSettings {
  const fields: Fields = { ...DEFAULT_SETTINGS, servesAtOnce };
  const follow = (name: string, apply: () => void): void => {
    apply();
    config.onChange(name, apply);
  };
  const text = (name: string, apply: (value: string) => void): void => follow(name, () => apply(config.text(name)));
  const number = (name: string, apply: (value: number) => void): void => follow(name, () => apply(config.integer(name)));
  const flag = (name: string, apply: (value: boolean) => void): void => follow(name, () => apply(config.flag(name)));
  number('cluster-node-timeout', (ms) => (fields.nodeTimeout = ms));
  number('cluster-link-sendbuf-limit', (bytes) => (fields.linkSendbufLimit = bytes));
  number('cluster-announce-port', (port) => (fields.announcePort = port));
  number('cluster-announce-bus-port', (port) => (fields.announceBusPort = port));
  number('cluster-migration-barrier', (replicas) => (fields.migrationBarrier = replicas));
  number('cluster-replica-validity-factor', (factor) => (fields.replicaValidityFactor = factor));
  number('repl-ping-replica-period', (seconds) => (fields.replPingPeriodMs = seconds * 1000));
  text('cluster-announce-ip', (ip) => (fields.announceIp = ip));
  text('cluster-announce-hostname', (name) => (fields.announceHostname = name));
  text('cluster-preferred-endpoint-type', (type) => (fields.preferredEndpointType = endpointType(type)));
  flag('cluster-require-full-coverage', (on) => (fields.requireFullCoverage = on));
  flag('cluster-allow-replica-migration', (on) => (fields.allowReplicaMigration = on));
  flag('cluster-replica-no-failover', (on) => (fields.replicaNoFailover = on));
  flag('cluster-allow-reads-when-down', (on) => (fields.allowReadsWhenDown = on));
  flag('cluster-allow-pubsubshard-when-down', (on) => (fields.allowPubsubShardWhenDown = on));
  return fields;
}

function endpointType(text: string): EndpointType {
  return text === 'hostname' || text === 'unknown-endpoint' ? text : 'ip';
}
