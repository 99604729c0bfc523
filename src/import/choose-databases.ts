// Which databases of a source an import takes, and whether they keep their numbers in the cluster. Pure.
import { counted } from '../cluster/counted.js';
import { ExitCode, TribError } from '../errors.js';
import type { SourceDatabase } from './source.js';

export interface DatabaseChoice {
  readonly databases: readonly number[];
  /** Keep the database numbers. */
  readonly keep: boolean;
}

/** The requested databases; by default all that hold keys, if the cluster has several. */
function wantedDatabases(found: readonly SourceDatabase[], wanted: string | undefined, has: number): number[] {
  const all = found.map(({ index }) => index);
  if (wanted?.toLowerCase() === 'all' || (wanted === undefined && has > 1)) return all.length === 0 ? [0] : all;
  if (wanted !== undefined && /^\d+$/.test(wanted)) return [Number(wanted)];
  if (wanted !== undefined) throw new TribError('USAGE', `--db takes a number or all, not "${wanted}"`, { exitCode: ExitCode.usage });
  return [0];
}

/**
 * The databases to import. `found`: those that hold keys; `what`: how errors call the source; `wanted`: as in --db; `has`:
 * number of databases of the cluster. Throws TribError OTHER_DATABASES when databases would be skipped silently, or the
 * cluster does not have them.
 */
export function chooseDatabases(found: readonly SourceDatabase[], what: string, wanted: string | undefined, has: number): DatabaseChoice {
  const databases = wantedDatabases(found, wanted, has);
  const named = (list: readonly SourceDatabase[]): string => list.map(({ index, keys }) => `${index} (${counted(keys, 'key')})`).join(', ');
  const beyond = found.filter(({ index }) => databases.includes(index) && index >= has);
  if (has > 1 && beyond.length > 0) {
    throw new TribError('OTHER_DATABASES', `${what} has keys in databases that the cluster does not have: ${named(beyond)}. It has ${has}`, { hint: 'raise cluster-databases of its nodes, or give a permitted database with --db' });
  }
  const others = found.filter(({ index }) => index !== 0);
  if (has > 1 || wanted !== undefined || others.length === 0) return { databases, keep: has > 1 };
  throw new TribError('OTHER_DATABASES', `${what} has keys in databases other than 0: ${named(others)}. This cluster has database 0 only`, {
    hint: '--db all imports all of them into it, --db 0 only that one',
  });
}
