// What an import would do, what it has done, and discrepancies in its counts, as sentences and a table. Pure except for
// drawing.
import { counted } from './count.js';
import type { Forecast } from '../../import/count-keys.js';
import type { Conflict, ImportStats } from '../../import/event.js';
import { missingKeys } from '../../import/replaced-text.js';
import { shownKey } from '../importing.js';
import type { Io } from '../io.js';
import { drawTable } from '../table.js';
import type { LineDialect } from '../terminal.js';
import { formatCount } from './check-table.js';
import { survivedLines } from './replaced-lines.js';

/** Keys by master. */
export async function targetsTable(io: Io, targets: Readonly<Record<string, number>>): Promise<string> {
  const rows = Object.entries(targets).map(([name, keys]) => [name, formatCount(keys)]);
  return drawTable(io, [{ title: 'to' }, { title: 'keys', align: 'right' }], rows);
}

/** One line per master, for --dry-run when piped. */
export function forecastLines(plan: Forecast): string[] {
  const about = plan.sampled ? 'about ' : '';
  return [`*** ${plan.keys} ${plan.keys === 1 ? 'key' : 'keys'} would be imported`, ...Object.entries(plan.targets).map(([name, keys]) => `${about}${keys} ${keys === 1 ? 'key' : 'keys'} to ${name}`)];
}

/** The lines between the check of the cluster and the first key. */
export function connectingLines(dialect: LineDialect): string[] {
  return dialect === 'redis-trib.rb' ? ['>>> Connecting to the source Redis instance'] : [];
}

/** The question before keys leave a source. */
export function importQuestion(source: string, keys: number, copy: boolean, replace: boolean): string {
  const what = copy ? `Copy ${counted(keys, 'key')} from ${source}?` : `Move ${counted(keys, 'key')} from ${source}? ${keys === 1 ? 'It is deleted there (--copy keeps it)' : 'They are deleted there (--copy keeps them)'}.`;
  return `${what}${replace ? ' Keys of the same name in the cluster are overwritten.' : ''} (type 'yes' to accept):`;
}

const SHOWN = 20;

/** One conflict, and how its copies differ if not in their values. */
export function conflictLine({ key, database, target, timeToLive }: Conflict): string {
  const how = timeToLive === undefined ? '' : timeToLive === 'different' ? ': same value, another time to live' : ': same value, but a time to live could not be read (rights for PTTL?)';
  return `${shownKey(key)} (database ${database}, on ${target.name})${how}`;
}

/** `other values`, `other times to live`, or both. */
export function conflictWhat(conflicts: readonly Conflict[]): string {
  const expiries = conflicts.filter(({ timeToLive }) => timeToLive !== undefined).length;
  return expiries === 0 ? 'other values' : expiries === conflicts.length ? 'other times to live' : 'other values or times to live';
}

/** Keys that stayed on the source, and how to import them. */
export function conflictLines(stats: ImportStats): string[] {
  const { conflicts } = stats;
  if (conflicts.length === 0) return [];
  const listed = conflicts.slice(0, SHOWN).map((conflict) => `  ${conflictLine(conflict)}`);
  const more = conflicts.length > SHOWN ? [`  and ${conflicts.length - SHOWN} more (--json lists all)`] : [];
  return [`${counted(conflicts.length, 'key', ['exists', 'exist'])} in the cluster with ${conflictWhat(conflicts)}; both copies were left as they are:`, ...listed, ...more, 'Delete or rename the wrong copies and run this again, or add --replace to overwrite the copies of the cluster.'];
}

/** Counts that do not match, each with the likely reason. */
export function countWarnings(stats: ImportStats, copy: boolean, replace: boolean): string[] {
  const { source, cluster } = stats.counts;
  const warnings = survivedLines(stats.replaced);
  if (Number.isNaN(source.after) || Number.isNaN(cluster.after)) return [...warnings, 'the keys could not be counted afterwards: a node did not reply'];
  const left = source.after - stats.conflicts.length;
  if (!copy && left > 0) warnings.push(`${counted(left, 'key', ['is', 'are'])} still or again on the source: clients write to it; stop them and run this again`);
  const missed = source.after - stats.imported - stats.equal - stats.conflicts.length;
  if (copy && missed > 0) warnings.push(`${missed === 1 ? '1 key of the source was' : `${formatCount(missed)} keys of the source were`} missed (written or changed meanwhile); run this again to copy them`);
  const expected = cluster.before + stats.imported - missingKeys(stats.replaced);
  if (!replace && cluster.after !== expected) {
    const by = Math.abs(cluster.after - expected);
    warnings.push(`the cluster holds ${counted(by, 'key')} ${cluster.after < expected ? 'fewer' : 'more'} than the ${formatCount(expected)} expected: ${cluster.after < expected ? 'expired, evicted or deleted' : 'written by others'} meanwhile`);
  }
  return warnings;
}
