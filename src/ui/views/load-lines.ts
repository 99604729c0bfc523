// What loading files would do and has done, as sentences and as the document of --json.
import { counted } from './count.js';
import type { LoadStats } from '../../import/file/load-options.js';
import type { AofPlan } from '../../import/file/plan-aof.js';
import type { LoadPlan, PlannedFile } from '../../import/file/plan-load.js';
import { refusedWhat } from '../../import/file/load-tally.js';
import { missingKeys } from '../../import/replaced-text.js';
import { fromBinary } from '../../resp/reply.js';
import { oneLine } from '../../resp/visible.js';
import { formatBytes } from '../bytes.js';
import { shownKey } from '../importing.js';
import { formatCount } from './check-table.js';
import { conflictLine, conflictWhat } from './import-lines.js';
import { lossLines, survivedLines } from './replaced-lines.js';
import { damageText } from './rdb-lines.js';

const SHOWN = 20;

/** One line per file. */
export function plannedFileLine({ file, bytes, keys, expired, damage }: PlannedFile): string {
  const over = expired > 0 ? `, ${formatCount(expired)} of them expired` : '';
  return `${file}: ${formatBytes(bytes)}, ${counted(keys, 'key')}${over}${damage === undefined ? '' : `; ${damageText(damage)}`}`;
}

/** What would be loaded from an append-only file. */
export function plannedAofLines({ files, bytes, keys, commands, end }: AofPlan): string[] {
  return [
    `${files.length === 1 ? files[0]! : counted(files.length, 'file')}: ${formatBytes(bytes)}, ${counted(keys, 'key')} and ${counted(commands, 'command')}`,
    ...(end.damage === undefined ? [] : [`${end.damage.file} is ${damageText(end.damage)}`]),
  ];
}

/** The note about an incomplete last command or transaction, as a crash leaves it. */
export function truncatedText({ end: { truncated } }: AofPlan): string | undefined {
  return truncated === undefined ? undefined : `${truncated.file} ends in the middle of a command or transaction, which begins at byte ${truncated.offset}: it is left out, as servers do (aof-load-truncated)`;
}

/** The plan of an append-only file for --json. */
export function aofPlanDocument({ files, keys, commands, targets, databases, keepDatabases, libraries, problems, unfinished, end }: AofPlan): object {
  const { damage, truncated } = end;
  return {
    files: files.map((file) => ({ file })), keys, commands, targets, databases, keepDatabases, libraries,
    problems: problems.map((one) => ({ ...one, keys: one.keys.map(fromBinary) })),
    ...(unfinished.length === 0 ? {} : { unfinished: unfinished.map((one) => ({ ...one, slots: one.slots.toString() })) }),
    ...(damage === undefined ? {} : { damage: { ...damage, key: damage.key === null ? null : fromBinary(damage.key) } }),
    ...(truncated === undefined ? {} : { truncated }),
  };
}

/** The question before keys are loaded. */
export function loadQuestion(plan: Pick<LoadPlan, 'keys'>, replace: boolean): string {
  return `Load ${counted(plan.keys, 'key')} into the cluster?${replace ? ' Keys of the same name are overwritten.' : ''} (type 'yes' to accept):`;
}

function listed(items: readonly string[]): string[] {
  return [...items.slice(0, SHOWN).map((item) => `  ${item}`), ...(items.length > SHOWN ? [`  and ${items.length - SHOWN} more (--json lists all)`] : [])];
}

/** What was not loaded, and what to do; nothing when all was. */
export function loadProblems(stats: LoadStats): string[] {
  const { conflicts, refused, damage } = stats;
  return [
    ...lossLines(stats.replaced, stats.commands > 0 ? 'Run the same command again with --replace.' : 'Run the same command again.'),
    ...(conflicts.length === 0
      ? []
      : [
          `${counted(conflicts.length, 'key', ['exists', 'exist'])} in the cluster with ${conflictWhat(conflicts)}, left as ${conflicts.length === 1 ? 'it is' : 'they are'}:`,
          ...listed(conflicts.map(conflictLine)),
          'Delete or rename them and run this again, or add --replace to overwrite them.',
        ]),
    ...(refused.length === 0
      ? []
      : [
          `The cluster could not take ${refusedWhat(refused)}:`,
          ...listed(refused.map(({ key, database, reason }) => `${shownKey(key)} (database ${database}): ${oneLine(reason)}`)),
          'They need servers at least as new as the one that wrote them, or with its modules.',
        ]),
    ...(damage === undefined ? [] : [`${damage.file} is ${damageText(damage)}. The part before it was loaded.`]),
  ];
}

/** Counts that do not match, and what files hold besides keys. */
export function loadWarnings(stats: LoadStats, replace: boolean): string[] {
  const { cluster, imported, libraries } = stats;
  const warnings: string[] = [];
  warnings.push(...survivedLines(stats.replaced));
  if (libraries > 0) warnings.push(`${counted(libraries, 'function library', ['was', 'were'])} not loaded: load ${libraries === 1 ? 'it' : 'them'} on every master with FUNCTION LOAD`);
  if (Number.isNaN(cluster.after)) return [...warnings, 'the keys could not be counted afterwards: a node did not reply'];
  const expected = cluster.before + imported - missingKeys(stats.replaced);
  if (!replace && stats.commands === 0 && cluster.after !== expected) {
    const by = Math.abs(cluster.after - expected);
    const fewer = cluster.after < expected;
    warnings.push(`the cluster holds ${counted(by, 'key')} ${fewer ? 'fewer' : 'more'} than the ${formatCount(expected)} expected: ${fewer ? 'expired, evicted or deleted' : 'written by others'} meanwhile`);
  }
  return warnings;
}

/** As `Loaded 3 keys in 0.1 s; 2 were there already with the same values and times to live; 1 had expired`. */
export function loadedText({ imported, equal, expired, commands, ms }: LoadStats): string {
  const seconds = ms / 1000;
  const rate = seconds >= 1 ? ` (${formatCount(Math.round((imported + commands) / seconds))} a second)` : '';
  return [
    `Loaded ${counted(imported, 'key')}${commands > 0 ? ` and ${counted(commands, 'command')}` : ''} in ${seconds.toFixed(1)} s${rate}`,
    ...(equal > 0 ? [`${formatCount(equal)} were there already with the same values and times to live`] : []),
    ...(expired > 0 ? [`${formatCount(expired)} had expired`] : []),
  ].join('; ');
}

/** The totals for --json, keys as text. */
export function loadDocument({ conflicts, refused, cluster, damage, ...stats }: LoadStats): object {
  return {
    ...stats,
    conflicts: conflicts.map((one) => ({ ...one, key: fromBinary(one.key) })),
    refused: refused.map((one) => ({ ...one, key: fromBinary(one.key) })),
    counts: { cluster },
    ...(damage === undefined ? {} : { damage: { ...damage, key: damage.key === null ? null : fromBinary(damage.key) } }),
  };
}

/** The plan for --json. */
export function loadPlanDocument({ files, ...plan }: LoadPlan): object {
  return { ...plan, files: files.map(({ damage, slotKeys: _slotKeys, format: _format, trailing, importing, ...file }) => ({ ...file, ...(importing === undefined ? {} : { importing: { slots: importing.slots.toString(), keys: importing.keys } }), ...(trailing > 0 ? { trailingBytes: trailing } : {}), ...(damage === undefined ? {} : { damage: { ...damage, key: damage.key === null ? null : fromBinary(damage.key) } }) })) };
}
