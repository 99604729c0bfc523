// Reads the folder of a backup: which masters it has, and the RDB file of each. Takes what redis-cli's `--cluster backup`
// writes too (cli.md 4.10). Not here: loading the files (import/file).
import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { SlotSet } from '../../cluster/slot-set.js';
import { SLOT_COUNT } from '../../cluster/slots.js';
import { TribError, messageOf } from '../../errors.js';
import { MANIFEST, rdbName } from './nodes-json.js';

export interface SavedMaster {
  readonly id: string;
  readonly host: string;
  readonly port: number;
  readonly slotCount: number;
  /** Slots whose keys its file may hold: its own, and those that were being moved to it. Undefined when nodes.json lists none. */
  readonly slots: SlotSet | undefined;
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
  readonly slots?: unknown;
  readonly importing?: unknown;
}

const isSlot = (value: unknown): value is number => Number.isInteger(value) && Number(value) >= 0 && Number(value) < SLOT_COUNT;

/** `slots` lists `[first,last]` and `[single]`; `importing` has slots as its names. */
function readSlots({ slots, importing }: ManifestNode): SlotSet | undefined {
  if (!Array.isArray(slots)) return undefined;
  const found = new SlotSet();
  for (const range of slots as unknown[]) {
    const [first, last = first] = Array.isArray(range) ? (range as unknown[]) : [];
    if (!isSlot(first) || !isSlot(last) || last < first) return undefined;
    found.addRange(first, last);
  }
  for (const slot of Object.keys(typeof importing === 'object' && importing !== null ? importing : {})) if (isSlot(Number(slot))) found.add(Number(slot));
  return found;
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
    throw new TribError('BAD_BACKUP', `${path} is not readable JSON: ${messageOf(error)}`, { cause: error, hint: 'give the directory that redis-trib backup wrote' });
  }
  if (!Array.isArray(nodes) || nodes.length === 0 || !nodes.every(isNode)) throw new TribError('BAD_BACKUP', `${path} does not list the nodes of a backup`, { hint: 'give the directory that redis-trib backup wrote' });
  return nodes;
}

/** Throws TribError NO_BACKUP when the manifest cannot be read, BAD_BACKUP when it does not list the nodes of a backup. */
export async function readBackup(dir: string): Promise<SavedBackup> {
  const path = join(dir, MANIFEST);
  const text = await readFile(path, 'utf8').catch((error: unknown) => {
    const { code } = error as NodeJS.ErrnoException;
    throw new TribError('NO_BACKUP', code === 'ENOENT' || code === 'ENOTDIR' ? `There is no backup in ${dir}: it has no ${MANIFEST}` : `${path} cannot be read: ${code ?? 'unknown error'}`, { cause: error, hint: 'a backup is complete when its nodes.json is there; a single RDB file is loaded by import --rdb FILE' });
  });
  const masters: SavedMaster[] = [];
  const missing: SavedMaster[] = [];
  for (const node of parseNodes(text, path)) {
    const { name, host, port, replicate, slots_count: slotCount = 0 } = node;
    if (typeof replicate === 'string' && replicate !== '') continue;
    const master = { id: name, host, port, slotCount, slots: readSlots(node), file: join(dir, rdbName({ host, port, id: name })) };
    if (await stat(master.file).then((found) => found.isFile(), () => false)) masters.push(master);
    else if (slotCount > 0) missing.push(master);
  }
  return { masters, missing };
}
