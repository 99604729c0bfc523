// Reads the folder of a backup: which masters it has, and the RDB file of each. Takes what redis-cli's `--cluster backup` writes too
// (cli 4.10). Not here: loading the files (import/file).
import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { TribError } from '../../errors.js';
import { MANIFEST, rdbName } from './nodes-json.js';

export interface SavedMaster {
  readonly id: string;
  readonly host: string;
  readonly port: number;
  readonly slotCount: number;
  readonly file: string;
}

export interface SavedBackup {
  readonly masters: readonly SavedMaster[];
  /** Masters with slots whose file is missing. */
  readonly missing: readonly SavedMaster[];
}

interface ManifestNode {
  readonly name: string;
  readonly host: string;
  readonly port: number;
  readonly replicate?: string | null;
  readonly slots_count?: number;
}

function isNode(value: unknown): value is ManifestNode {
  if (typeof value !== 'object' || value === null) return false;
  const { name, host, port } = value as { name?: unknown; host?: unknown; port?: unknown };
  return typeof name === 'string' && /^[0-9a-zA-Z]{1,40}$/.test(name) && typeof host === 'string' && Number.isInteger(port);
}

function parseNodes(text: string, path: string): ManifestNode[] {
  let nodes: unknown;
  try {
    nodes = JSON.parse(text);
  } catch (error) {
    throw new TribError('BAD_BACKUP', `${path} is not readable JSON: ${error instanceof Error ? error.message : String(error)}`, { cause: error, hint: 'give the directory that redis-trib backup wrote' });
  }
  if (!Array.isArray(nodes) || nodes.length === 0 || !nodes.every(isNode)) throw new TribError('BAD_BACKUP', `${path} does not list the nodes of a backup`, { hint: 'give the directory that redis-trib backup wrote' });
  return nodes;
}

/** Throws TribError NO_BACKUP, BAD_BACKUP. */
export async function readBackup(dir: string): Promise<SavedBackup> {
  const path = join(dir, MANIFEST);
  const text = await readFile(path, 'utf8').catch((error: unknown) => {
    const { code } = error as NodeJS.ErrnoException;
    throw new TribError('NO_BACKUP', code === 'ENOENT' || code === 'ENOTDIR' ? `There is no backup in ${dir}: it has no ${MANIFEST}` : `${path} cannot be read: ${code ?? 'unknown error'}`, { cause: error, hint: 'a backup is complete when its nodes.json is there; a single RDB file is loaded by import --rdb FILE' });
  });
  const masters: SavedMaster[] = [];
  const missing: SavedMaster[] = [];
  for (const { name, host, port, replicate, slots_count: slotCount = 0 } of parseNodes(text, path)) {
    if (typeof replicate === 'string' && replicate !== '') continue;
    const master = { id: name, host, port, slotCount, file: join(dir, rdbName({ host, port, id: name })) };
    if (await stat(master.file).then((found) => found.isFile(), () => false)) masters.push(master);
    else if (slotCount > 0) missing.push(master);
  }
  return { masters, missing };
}
