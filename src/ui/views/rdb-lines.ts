// What is in a data file, as lines and tables, and as the document of --json. Pure but for drawing.
import { counted } from './count.js';
import { KNOWN_VERSIONS } from '../../import/file/file-version.js';
import type { SlotSet } from '../../cluster/slot-set.js';
import type { FileDamage } from '../../import/file/read-data-file.js';
import type { FileSummary } from '../../import/file/summarise-file.js';
import { isKnownVersion } from '../../rdb/value-types.js';
import { fromBinary } from '../../resp/reply.js';
import { oneLine } from '../../resp/visible.js';
import { formatBytes } from '../bytes.js';
import { shownKey } from '../importing.js';
import type { Io } from '../io.js';
import { drawTable } from '../table.js';
import { formatCount } from './check-table.js';

/** Slots and commands shown in tables; --json has all. */
const SHOWN = 5;

interface TypeRow {
  readonly type: string;
  readonly encoding: string;
  readonly keys: number;
  readonly bytes: number;
}

function typeRows({ contents }: FileSummary): TypeRow[] {
  return [...contents.stored].map(([type, totals]) => ({ type: contents.nameOf(type).kind, encoding: contents.nameOf(type).encoding, ...totals })).sort((a, b) => b.keys - a.keys);
}

function slotRows({ contents }: FileSummary): { slot: number; keys: number; bytes: number }[] {
  const rows: { slot: number; keys: number; bytes: number }[] = [];
  contents.slotKeys.forEach((keys, slot) => {
    if (keys > 0) rows.push({ slot, keys, bytes: contents.slotBytes[slot]! });
  });
  return rows;
}

function byCount<T extends { readonly keys: number }>(rows: readonly T[]): T[] {
  return rows.toSorted((a, b) => b.keys - a.keys);
}

/** As `RDB version 10 (Redis 7.0.15)`. */
function formatText({ contents, end }: FileSummary): string {
  const { fields } = contents;
  const server = fields.get('valkey-ver') !== undefined ? `Valkey ${fields.get('valkey-ver')}` : fields.get('redis-ver') !== undefined ? `Redis ${fields.get('redis-ver')}` : undefined;
  const parts = [
    ...(end.rdb === undefined || end.rdb.version === 0 ? [] : [`RDB version ${end.rdb.version}${server === undefined ? '' : `, written by ${oneLine(server)}`}`]),
    ...(end.commands ? ['commands of an append-only file'] : []),
  ];
  return parts.length === 0 ? 'nothing readable' : parts.join(', then ');
}

/** Where the file is damaged, and how much was read before. */
export function damageText({ offset, reason, key }: FileDamage): string {
  return `damaged at byte ${offset}${key === null ? '' : `, in the value of key ${shownKey(key)}`}: ${oneLine(reason)}`;
}

/** Bytes after the checksum: servers ignore them, so they are not damage. */
export function trailingText(file: string, bytes: number): string {
  return `${file} has ${counted(bytes, 'byte')} after the end of its RDB data, which are ignored, as by servers`;
}

/** As `12 keys in a.rdb are copies that an import of slots 0-99 had brought so far`. */
export function importingText(keys: number, slots: SlotSet, file?: string): string {
  return `${counted(keys, 'key')}${file === undefined ? '' : ` in ${file}`} ${keys === 1 ? 'is a copy' : 'are copies'} that an unfinished import of slots ${slots.toString()} had brought so far`;
}

/** The note about a version that no known server writes; undefined for known ones. */
export function unknownVersionText({ path, end: { rdb } }: FileSummary): string | undefined {
  if (rdb === undefined || rdb.version === 0 || isKnownVersion(rdb.version, rdb.family)) return undefined;
  return `${path} has RDB version ${rdb.version} of ${rdb.family}, which this program does not know (${KNOWN_VERSIONS}): it was read as if it were of the newest known version; servers refuse files newer than themselves`;
}

/** `3 keys, 2 with an expiry (1 expired), 120 B of values` */
function headline({ contents }: FileSummary): string {
  const { all, expiring, expired } = contents;
  return `${counted(all.keys, 'key')}, ${formatCount(expiring)} of them expire${expired > 0 ? ` (${formatCount(expired)} have expired)` : ''}; ${formatBytes(all.bytes)} of values`;
}

function remarks({ contents, end }: FileSummary): string[] {
  const { libraries, modules, empties, soonest, latest, importingKeys, importingSlots } = contents;
  const time = (ms: number): string => new Date(ms).toISOString();
  return [
    ...(soonest === null || latest === null || !Number.isFinite(soonest + latest) || Math.abs(latest) > 8.64e15 ? [] : [`Expiries from ${time(soonest)} to ${time(latest)}`]),
    ...(libraries > 0 ? [counted(libraries, 'function library')] : []),
    ...(modules.size > 0 ? [`Data of modules besides keys: ${[...modules].map(oneLine).join(', ')}`] : []),
    ...(importingSlots.size > 0 ? [`${importingText(importingKeys, importingSlots)}: not counted, servers drop them when they load the file`] : []),
    ...(empties > 0 ? [`${empties} empty collections, which servers skip`] : []),
    ...(end.trailing > 0 ? [`${counted(end.trailing, 'byte')} after the end of the RDB data, which servers ignore`] : []),
  ];
}

/** The report as text; tables at a terminal and in pipes alike. */
export async function rdbReport(io: Io, summary: FileSummary): Promise<string> {
  const { contents, commands, end } = summary;
  const blocks = [`${summary.path}: ${formatBytes(end.bytes)}, ${formatText(summary)}`];
  if (end.rdb !== undefined) blocks.push([headline(summary), ...remarks(summary)].join('\n'));
  const count = { title: 'keys', align: 'right' } as const;
  const bytes = { title: 'bytes', align: 'right' } as const;
  if (contents.all.keys > 0) {
    blocks.push(await drawTable(io, [{ title: 'type' }, { title: 'encoding', cuttable: true }, count, bytes], typeRows(summary).map((row) => [row.type, row.encoding, formatCount(row.keys), formatBytes(row.bytes)])));
    blocks.push(await drawTable(io, [{ title: 'database' }, count, { title: 'expire', align: 'right' }, bytes], [...contents.databases.values()].map((row) => [`${row.database}`, formatCount(row.keys), formatCount(row.expiring), formatBytes(row.bytes)])));
    const slots = slotRows(summary);
    blocks.push(`${counted(slots.length, 'slot', ['has', 'have'])} keys; those with the most:\n${await drawTable(io, [{ title: 'slot' }, count, bytes], byCount(slots).slice(0, SHOWN).map((row) => [`${row.slot}`, formatCount(row.keys), formatBytes(row.bytes)]))}`);
    const largest = contents.largest.map((one) => [shownKey(one.key), one.type, one.encoding, `${one.database}`, `${one.slot}`, one.elements === null ? '-' : formatCount(one.elements), formatBytes(one.bytes)]);
    const columns = [{ title: 'largest keys', cuttable: true }, { title: 'type' }, { title: 'encoding', dispensable: 1 }, { title: 'database', dispensable: 2 }, { title: 'slot', dispensable: 3 }, { title: 'elements', align: 'right' }, bytes] as const;
    if (largest.length > 0) blocks.push(await drawTable(io, columns, largest));
  }
  if (commands.size > 0) {
    const rows = byCount([...commands].map(([name, keys]) => ({ name, keys })));
    blocks.push(await drawTable(io, [{ title: 'command', cuttable: true }, { title: 'times', align: 'right' }], rows.slice(0, 3 * SHOWN).map(({ name, keys }) => [oneLine(name), formatCount(keys)])));
  }
  return blocks.join('\n\n');
}

/** The document of --json. Keys as text. */
export function rdbDocument(summary: FileSummary): object {
  const { contents, commands, end, path } = summary;
  const { damage, truncatedAt, rdb } = end;
  const { all, expiring, expired, soonest, latest } = contents;
  return {
    file: path,
    ok: damage === undefined && truncatedAt === undefined,
    fileBytes: end.bytes,
    format: rdb === undefined ? null : { ...rdb, known: isKnownVersion(rdb.version, rdb.family) },
    fields: Object.fromEntries([...contents.fields].map(([name, value]) => [fromBinary(name), fromBinary(value)])),
    keys: all.keys,
    bytes: all.bytes,
    expiries: { keys: expiring, expired, soonestMs: soonest, latestMs: latest },
    types: typeRows(summary),
    databases: [...contents.databases.values()],
    bySlot: slotRows(summary),
    largest: contents.largest.map(({ key, expireAt, ...one }) => ({ key: fromBinary(key), ...one, expireAtMs: expireAt })),
    libraries: contents.libraries,
    modules: [...contents.modules],
    commands: Object.fromEntries(commands),
    trailingBytes: end.trailing,
    ...(contents.importingSlots.size === 0 ? {} : { importing: { slots: contents.importingSlots.toString(), keys: contents.importingKeys } }),
    ...(damage === undefined ? {} : { damage: { ...damage, key: damage.key === null ? null : fromBinary(damage.key) } }),
    ...(truncatedAt === undefined ? {} : { truncatedAt }),
  };
}
