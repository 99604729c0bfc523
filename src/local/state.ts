// What is remembered of local nodes, in one folder: cluster.json and a folder a node. Reads and writes these files only;
// whether a node runs is asked elsewhere (node-process.ts).
import { existsSync, readFileSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { makeDirectories } from '../apply/make-directories.js';
import { ExitCode, TribError } from '../errors.js';

export interface LocalNode {
  readonly port: number;
  /** Process id when it was last started; 0 before. */
  readonly pid: number;
}

export interface LocalState {
  readonly schema: 1;
  readonly host: string;
  /** Path of a redis-server binary, or null for the bundled node. */
  readonly server: string | null;
  readonly replicas: number;
  readonly nodes: readonly LocalNode[];
}

/** Default folder, in the directory the user stands in. */
export const LOCAL_FOLDER = 'redis-trib-local';

const STATE_FILE = 'cluster.json';

export function nodeFolder(folder: string, port: number): string {
  return join(folder, String(port));
}

export function logFile(folder: string, port: number): string {
  return join(nodeFolder(folder, port), 'node.log');
}

/** Remembered nodes, or undefined when the folder holds none. Throws TribError BAD_STATE. */
export function readState(folder: string): LocalState | undefined {
  const path = join(folder, STATE_FILE);
  if (!existsSync(path)) return undefined;
  const state = parseState(readFileSync(path, 'utf8'));
  if (state !== undefined) return state;
  throw new TribError('BAD_STATE', `${path} is not a record of local nodes`, { hint: `remove ${folder} yourself if nothing in it matters`, exitCode: ExitCode.failed });
}

function parseState(text: string): LocalState | undefined {
  try {
    const state = JSON.parse(text) as Partial<LocalState>;
    const nodes = state.nodes;
    const sound = state.schema === 1 && typeof state.host === 'string' && Array.isArray(nodes) && nodes.every((node) => Number.isInteger(node.port) && Number.isInteger(node.pid));
    return sound ? (state as LocalState) : undefined;
  } catch {
    return undefined;
  }
}

/** Makes a folder and those above it that are missing. Throws TribError NOT_WRITABLE. */
export async function makeFolder(folder: string): Promise<void> {
  await makeDirectories(folder).catch((error: unknown) => {
    throw new TribError('NOT_WRITABLE', `Cannot make the folder ${folder}`, { cause: error, hint: 'choose another folder with --dir', exitCode: ExitCode.failed });
  });
}

/** Replaces the record in one step, so that a crash leaves the old one or the new one. Throws as makeFolder. */
export async function writeState(folder: string, state: LocalState): Promise<void> {
  await makeFolder(folder);
  const path = join(folder, STATE_FILE);
  writeFileSync(`${path}.tmp`, `${JSON.stringify(state, null, 2)}\n`);
  renameSync(`${path}.tmp`, path);
}

/** Refuses a folder that holds something that isn't ours. Throws TribError FOREIGN_FOLDER. */
export function requireUsable(folder: string): void {
  if (!existsSync(folder) || existsSync(join(folder, STATE_FILE))) return;
  const [found] = readdirSync(folder);
  if (found === undefined) return;
  throw new TribError('FOREIGN_FOLDER', `${folder} exists and holds other things (${found})`, { hint: 'choose another folder with --dir', exitCode: ExitCode.failed });
}

/** Removes the record and the nodes' folders, and the folder itself when nothing else is in it. */
export function removeState(folder: string, state: LocalState): void {
  for (const node of state.nodes) rmSync(nodeFolder(folder, node.port), { recursive: true, force: true });
  rmSync(join(folder, STATE_FILE), { force: true });
  if (existsSync(folder) && readdirSync(folder).length === 0) rmSync(folder, { recursive: true });
}
