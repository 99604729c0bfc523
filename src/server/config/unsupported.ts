// What this version cannot keep its word on: settings that are refused because they promise safety (durability, encryption,
// access rules), and those that are accepted without effect, which the log names at start.
import type { Configured } from './configured.js';
import { ValueRefused } from './kinds.js';

interface Refusal {
  readonly name: string;
  readonly unless: string;
  readonly reason: string;
  /** Also at start; otherwise only CONFIG SET is refused. */
  readonly atStart: boolean;
}

const NO_TLS = 'TLS is not part of this version';
const AT_START_ONLY = 'this version reads it at start only';

/** A value other than `unless` is refused. */
const REFUSALS: readonly Refusal[] = [
  { name: 'appendonly', unless: 'no', reason: 'this version keeps data in memory only', atStart: false },
  { name: 'replicaof', unless: '', reason: 'replication is not part of this version', atStart: true },
  { name: 'aclfile', unless: '', reason: 'ACL files are not part of this version', atStart: true },
  { name: 'tls-port', unless: '0', reason: NO_TLS, atStart: true },
  { name: 'tls-cluster', unless: 'no', reason: NO_TLS, atStart: true },
  { name: 'tls-replication', unless: 'no', reason: NO_TLS, atStart: true },
  { name: 'activedefrag', unless: 'no', reason: 'Active defragmentation cannot be enabled: it requires a Redis server compiled with a modified Jemalloc', atStart: true },
];

/** Directives that would be dangerous to read over: users with rights, modules with commands. */
const REFUSED_DIRECTIVES: Readonly<Record<string, string>> = {
  user: 'ACL users are not part of this version',
  loadmodule: 'modules are not part of this version',
};

/** Makes CONFIG SET refuse what this version cannot do. The configuration calls it on itself. */
export function guardUnsupported(config: Configured): void {
  for (const { name, unless, reason } of REFUSALS) {
    config.onChange(name, () => {
      if (config.text(name) !== unless) throw new ValueRefused(reason);
    });
  }
  for (const name of ['port', 'bind']) {
    config.onChange(name, () => {
      throw new ValueRefused(AT_START_ONLY);
    });
  }
}

/** Why a node with this configuration must not start, one sentence each; none when it may. */
export function startRefusals(config: Configured): string[] {
  const refused = REFUSALS.filter(({ name, unless, atStart }) => atStart && config.text(name) !== unless);
  const reasons = refused.map(({ name, reason }) => `'${name} ${config.text(name)}': ${reason}`);
  for (const { name, words } of config.directives) {
    const reason = REFUSED_DIRECTIVES[name];
    if (reason !== undefined) reasons.push(`'${name} ${words[0] ?? ''}': ${reason}`);
  }
  return reasons;
}

/** What the log should say at start of settings that have no effect; `warning` when data could be lost by believing them. */
export function startNotes(config: Configured): { level: 'warning' | 'notice'; text: string }[] {
  const notes: { level: 'warning' | 'notice'; text: string }[] = [];
  const asked = ['appendonly', 'save'].filter((name) => (name === 'save' ? config.wasGiven('save') && config.text('save') !== '' : config.flag(name)));
  if (asked.length > 0) {
    notes.push({
      level: 'warning',
      text: `WARNING: this version keeps data in memory only. ${asked.join(' and ')} ${asked.length === 1 ? 'has' : 'have'} no effect: what is written is lost when the node stops.`,
    });
  }
  const silent = [...config.entries()].filter(
    ({ parameter, text }) => !parameter.acted && text !== parameter.default && !['save', 'appendonly'].includes(parameter.name),
  );
  if (silent.length > 0) {
    notes.push({ level: 'notice', text: `Accepted without effect in this version: ${silent.map(({ parameter }) => parameter.name).join(', ')}` });
  }
  return notes;
}
