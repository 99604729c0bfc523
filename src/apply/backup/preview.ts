// What a backup would read from which masters, and whether its directory can be written. Read-only: no file is written, no data
// requested. Not here: the backup (backup.ts).
import { access, constants, lstat, readFile, readdir, stat, statfs } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { messageOf } from '../../errors.js';
import type { CheckReport, OnlyCopy } from '../../cluster/findings.js';
import type { ClusterNode, UnreachableNode } from '../../cluster/view.js';
import { readKeyspace } from '../../client/databases.js';
import { asString, parseInfo } from '../../client/read-reply.js';
import type { Cluster } from '../open-cluster.js';
import { onlyCopies } from '../cluster/replica-health.js';
import { mapBounded } from '../node/parallel.js';
import { missingMasters } from './backup.js';
import { MANIFEST, earlierFiles, rdbName } from './nodes-json.js';
import { findStrayKeys, type StrayKeys } from './stray-keys.js';

/** One master that would be saved. */
export interface PreviewedFile {
  readonly node: string;
  readonly id: string;
  readonly file: string;
  readonly slots: number;
  /** Undefined when the node does not report; `failure` has the reason. */
  readonly keys: number | undefined;
  /** Memory used by its data; an RDB file is usually smaller. */
  readonly memoryBytes: number | undefined;
  readonly failure: string | undefined;
}

export interface PreviewedDirectory {
  readonly path: string;
  readonly exists: boolean;
  /** Why the directory cannot be written; undefined when it can. */
  readonly problem: string | undefined;
  /** Files of an earlier backup that would be replaced or removed. */
  readonly replaces: readonly string[];
  /** Free space reported by the file system; undefined when unknown. */
  readonly freeBytes: number | undefined;
}

export interface BackupPreview {
  readonly files: readonly PreviewedFile[];
  readonly manifest: string;
  readonly directory: PreviewedDirectory;
  readonly missing: readonly UnreachableNode[];
  /** Replicas with keys that their empty masters lack. */
  readonly onlyCopies: readonly OnlyCopy[];
  /** Keys that a scan cannot read; none when SYNC would be tried. */
  readonly strays: readonly StrayKeys[];
}

async function previewFile(cluster: Cluster, node: ClusterNode, dir: string): Promise<PreviewedFile> {
  const known = { node: node.name, id: node.id, file: join(dir, rdbName(node)), slots: node.slots.size };
  try {
    const [text, keyspace] = await (await cluster.connection(node.id)).pipeline([['INFO', 'memory'], ['INFO', 'keyspace']]);
    const info = parseInfo(asString(text));
    const memory = Number(info.get('used_memory_dataset') ?? info.get('used_memory') ?? NaN);
    return { ...known, keys: [...readKeyspace(asString(keyspace)).values()].reduce((sum, count) => sum + count, 0), memoryBytes: Number.isNaN(memory) ? undefined : memory, failure: undefined };
  } catch (error) {
    return { ...known, keys: undefined, memoryBytes: undefined, failure: messageOf(error) };
  }
}

/** The directory, or its nearest existing ancestor, in which it would be created. */
async function existing(path: string): Promise<string> {
  for (let at = path; ; at = dirname(at)) {
    if ((await lstat(at).catch(() => undefined)) !== undefined || at === dirname(at)) return at;
  }
}

/** Types (statfs) of Linux pseudo file systems; their directories seem writable to root. */
const PSEUDO_FILE_SYSTEMS: ReadonlySet<number> = new Set([0x9fa0, 0x62656572, 0x27e0eb, 0x63677270]); // proc, sysfs, cgroup, cgroup2

async function whyUnusable(path: string): Promise<string | undefined> {
  if (PSEUDO_FILE_SYSTEMS.has((await statfs(path).catch(() => undefined))?.type ?? 0)) return `no files can be created in ${path}: it belongs to the kernel`;
  // A dangling link is not a directory either; no directory is created behind it.
  if (!(await stat(path).then((there) => there.isDirectory(), () => false))) return `${path} is a file, not a directory`;
  const refused = await access(path, constants.W_OK | constants.X_OK).then(() => undefined, (error: unknown) => (error as NodeJS.ErrnoException).code);
  if (refused === undefined) return undefined;
  return refused === 'EROFS' ? `the file system of ${path} is read-only` : `no permission to write to ${path}`;
}

async function previewDirectory(path: string): Promise<PreviewedDirectory> {
  const base = await existing(path);
  const problem = await whyUnusable(base);
  const space = await statfs(base).catch(() => undefined);
  const manifest = await readFile(join(path, MANIFEST), 'utf8').catch(() => undefined);
  const there = new Set(await readdir(path).catch(() => []));
  const replaces = manifest === undefined ? [] : [...earlierFiles(manifest).filter((name) => there.has(name)), MANIFEST];
  return { path, exists: base === path, problem, replaces, freeBytes: space === undefined ? undefined : space.bavail * space.bsize };
}

/** Checks everything that `backupCluster` would touch; throws only errors of the file system. */
export async function previewBackup(cluster: Cluster, report: CheckReport, dir: string, via?: 'sync' | 'scan'): Promise<BackupPreview> {
  const previews = mapBounded(cluster.view.masters, 64, (node) => previewFile(cluster, node, dir));
  const [files, directory, copies, strays] = await Promise.all([previews, previewDirectory(dir), onlyCopies(cluster), via === 'scan' ? findStrayKeys(cluster) : []]);
  return { files, manifest: join(dir, MANIFEST), directory, missing: missingMasters(cluster, report), onlyCopies: copies, strays };
}
