// What a backup would do, for --dry-run: lines when piped, a table at a terminal. Not here: the verdict on the cluster.
import { counted } from './count.js';
import type { BackupPreview, PreviewedFile } from '../../apply/backup/preview.js';
import type { Io } from '../io.js';
import { formatBytes } from '../bytes.js';
import { drawTable, type Column } from '../table.js';
import { formatCount } from './check-table.js';

const COLUMNS: readonly Column[] = [{ title: 'master' }, { title: 'slots', align: 'right' }, { title: 'keys', align: 'right' }, { title: 'in memory', align: 'right' }, { title: 'file' }];

function sizeText({ keys, memoryBytes, failure }: PreviewedFile): string {
  if (failure !== undefined) return failure;
  return `${keys ?? 0} ${keys === 1 ? 'key' : 'keys'}, ${memoryBytes === undefined ? 'of unknown size' : `${formatBytes(memoryBytes)} in memory`}`;
}

/** Sum of the reported values. */
function totals(files: readonly PreviewedFile[]): { readonly keys: number; readonly bytes: number } {
  return { keys: files.reduce((sum, { keys }) => sum + (keys ?? 0), 0), bytes: files.reduce((sum, { memoryBytes }) => sum + (memoryBytes ?? 0), 0) };
}

/** Sentences about the directory, problems first. */
function directoryTexts({ directory, files }: BackupPreview): string[] {
  const { path, exists, problem, replaces, freeBytes } = directory;
  const { bytes } = totals(files);
  const tight = freeBytes !== undefined && freeBytes < bytes ? [`Only ${formatBytes(freeBytes)} are free there, which may not be enough`] : [];
  return [
    problem === undefined ? `The directory ${path} ${exists ? 'exists and is writable' : 'would be created'}${freeBytes === undefined ? '' : `; ${formatBytes(freeBytes)} are free`}` : `The directory ${path} cannot be used: ${problem}`,
    ...(replaces.length > 0 ? [`The earlier backup in it (${counted(replaces.length, 'file')}) would be replaced`] : []),
    ...tight,
  ];
}

/** A line per master, then the directory; the last line says what is missing, or that nothing was done. */
export function backupPreviewLines(preview: BackupPreview): string[] {
  const { files, manifest } = preview;
  return [...files.map((file) => `>>> Node ${file.node} -> would save ${sizeText(file)}, to ${file.file}`), `Would save the cluster configuration to: ${manifest}`, ...directoryTexts(preview)];
}

export async function backupPreviewTable(io: Io, preview: BackupPreview): Promise<string> {
  const { style } = io;
  const { files } = preview;
  const rows = files.map(({ node, slots, keys, memoryBytes, failure, file }) => [node, formatCount(slots), keys === undefined ? style.bad(failure ?? '') : formatCount(keys), memoryBytes === undefined ? '' : formatBytes(memoryBytes), style.faint(file.slice(file.lastIndexOf('/') + 1))]);
  const { keys, bytes } = totals(files);
  const [first = '', ...more] = directoryTexts(preview);
  const mark = preview.directory.problem === undefined ? style.good('✔') : style.bad('✘');
  return [await drawTable(io, COLUMNS, rows), '', `${counted(files.length, 'master')}, ${counted(keys, 'key')}, ${formatBytes(bytes)} in memory (the files are usually smaller)`, `${mark} ${first}`, ...more.map((text) => `${style.warn('!')} ${text}`)].join('\n');
}
