// Settings that this version cannot fulfil: those that promise safety (durability, encryption, access rules) are refused; those
// without effect are accepted and logged at start.
import type { Configured } from './configured.js';
import { ValueRefused } from './kinds.js';

interface UnsupportedSetting {
  readonly name: string;
  readonly unless: string;
  readonly reason: string;
  /** Refused at start too; otherwise only by CONFIG SET. */
  readonly atStart: boolean;
}

const NO_TLS = 'TLS is not part of this version';
const AT_START_ONLY = 'this version reads it only at start';

/** A value other than `unless` is refused. */
const REFUSALS: readonly UnsupportedSetting[] = [
  { name: 'aclfile', unless: '', reason: 'ACL files are not part of this version', atStart: true },
  { name: 'tls-port', unless: '0', reason: NO_TLS, atStart: true },
  { name: 'tls-cluster', unless: 'no', reason: NO_TLS, atStart: true },
  { name: 'activedefrag', unless: 'no', reason: 'Active defragmentation cannot be enabled: it requires a Redis server compiled with a modified Jemalloc', atStart: true },
];

/** Directives that must not be ignored: users with rights, modules with commands. */
const REFUSED_DIRECTIVES: Readonly<Record<string, string>> = {
  user: 'ACL users are not part of this version',
  loadmodule: 'modules are not part of this version',
};

/** Makes CONFIG SET refuse what this version does not support. Called by the configuration itself. */
export function guardUnsupported(config: Configured): void {
  for (const { name, unless, reason } of REFUSALS) {
    config.onChange(name, () => {
      if (config.text(name) !== unless) throw new ValueRefused(reason);
    });
  }
  config.onChange('tls-replication', () => {
    const [reason] = withoutAuthority(config);
    if (reason !== undefined) throw new ValueRefused(reason);
  });
  for (const name of ['port', 'bind']) {
    config.onChange(name, () => {
      throw new ValueRefused(AT_START_ONLY);
    });
  }
}

/** As redis-server: in cluster mode only CLUSTER REPLICATE sets the master. */
const inClusterMode = (config: Configured): string[] =>
  config.flag('cluster-enabled') && config.text('replicaof') !== '' ? ['replicaof directive not allowed in cluster mode'] : [];

/** A TLS link without a CA would accept any peer. */
const withoutAuthority = (config: Configured): string[] =>
  config.flag('tls-replication') && config.text('tls-ca-cert-file') === '' && config.text('tls-ca-cert-dir') === '' ? ['Either tls-ca-cert-file or tls-ca-cert-dir must be specified when tls-replication is enabled'] : [];

/** Why a node with this configuration must not start, one sentence each; none when it may. */
export function startRefusals(config: Configured): string[] {
  const refused = REFUSALS.filter(({ name, unless, atStart }) => atStart && config.text(name) !== unless);
  const reasons = [...inClusterMode(config), ...withoutAuthority(config)];
  reasons.push(...refused.map(({ name, reason }) => `'${name} ${config.text(name)}': ${reason}`));
  for (const { name, words } of config.directives) {
    const reason = REFUSED_DIRECTIVES[name];
    if (reason !== undefined) reasons.push(`'${name} ${words[0] ?? ''}': ${reason}`);
  }
  return reasons;
}

/** Log lines at start about settings without effect; `warning` when relying on them could lose data. */
export function startNotes(config: Configured): { level: 'warning' | 'notice'; text: string }[] {
  const notes: { level: 'warning' | 'notice'; text: string }[] = [];
  const silent = [...config.entries()].filter(
    ({ parameter, text }) => !parameter.effective && text !== parameter.default,
  );
  if (silent.length > 0) {
    notes.push({ level: 'notice', text: `Accepted without effect in this version: ${silent.map(({ parameter }) => parameter.name).join(', ')}` });
  }
  return notes;
}
