// The stored state of local nodes in one folder: cluster.json and a folder per node. Reads and writes only these files; whether
// a node runs is in node-process.ts.
import { existsSync, lstatSync, readFileSync, readdirSync, rmSync, truncateSync } from 'node:fs';
import { join } from 'node:path';
import { makeDirectories } from '../apply/make-directories.js';
import { isHost } from '../cluster/address.js';
import { ExitCode, TribError } from '../errors.js';
import { isDraftName } from '../files/draft.js';
import { ownershipFault } from '../files/ownership.js';
import { replaceFile } from '../files/whole-file.js';

export interface LocalNode {
  readonly port: number;
  /** Process id of the last start; 0 before. */
  readonly pid: number;
  /** Start time of that process (files/process-identity.ts); absent in states of version 0.1. */
  readonly started?: string;
}

export interface LocalState {
  readonly schema: 1;
  readonly host: string;
  /** Path of a redis-server binary, or null for the bundled node. */
  readonly server: string | null;
  readonly replicas: number;
  readonly nodes: readonly LocalNode[];
}

/** Default folder, in the current directory. */
export const LOCAL_FOLDER = 'redis-trib-local';

const STATE_FILE = 'cluster.json';

export function nodeFolder(folder: string, port: number): string {
  return join(folder, String(port));
}

export function logFile(folder: string, port: number): string {
  return join(nodeFolder(folder, port), 'node.log');
}

/** Empties the log files of the nodes. Running nodes keep writing to them. */
export function emptyLogs(folder: string, state: LocalState): void {
  for (const { port } of state.nodes) {
    const log = logFile(folder, port);
    if (lstatSync(log, { throwIfNoEntry: false })?.isFile() === true) truncateSync(log);
  }
}

/** The file with the state of the nodes. */
export function stateFile(folder: string): string {
  return join(folder, STATE_FILE);
}

/** Refuses a folder that another user can write to, and one behind a link. Throws TribError NOT_YOURS. */
export function requireOwn(folder: string, ...files: readonly string[]): void {
  const fault = ownershipFault(folder, 'folder') ?? files.map((file) => ownershipFault(file, 'file')).find((found) => found !== undefined);
  if (fault === undefined) return;
  throw new TribError('NOT_YOURS', `the state of local nodes in ${folder} is not used: ${fault}`, { hint: 'if it is yours: remove write permission of others with chmod go-w, give the real path instead of a link, or work as its owner; to use another directory: --dir DIR', exitCode: ExitCode.failed });
}

/**
 * The stored state, or undefined when the folder has none. Throws TribError NOT_YOURS when another user can write to it,
 * BAD_STATE when it is not a record of local nodes.
 */
export function readState(folder: string): LocalState | undefined {
  const path = stateFile(folder);
  if (lstatSync(path, { throwIfNoEntry: false }) === undefined) return undefined;
  requireOwn(folder, path);
  const state = parseState(readFileSync(path, 'utf8'));
  if (state !== undefined) return state;
  throw new TribError('BAD_STATE', `${path} is not a record of local nodes`, { hint: `if its content is not needed, remove ${folder} yourself`, exitCode: ExitCode.failed });
}

function parseState(text: string): LocalState | undefined {
  try {
    const state = JSON.parse(text) as Partial<LocalState>;
    const nodes = state.nodes;
    // The host is written to a configuration file, where a line end would start another directive.
    const sound = state.schema === 1 && isHost(state.host ?? '') && (state.server === null || typeof state.server === 'string') && Number.isInteger(state.replicas) && Array.isArray(nodes) && nodes.every(isNodeRecord);
    return sound ? (state as LocalState) : undefined;
  } catch {
    return undefined;
  }
}

function isNodeRecord({ port, pid, started }: Partial<LocalNode>): boolean {
  return Number.isInteger(port) && Number(port) > 0 && Number(port) <= 65_535 && Number.isInteger(pid) && (started === undefined || typeof started === 'string');
}

/** No other user may write to the folders of nodes. */
const FOLDER_MODE = 0o755;

/** Creates a folder and its missing ancestors. Throws TribError NOT_WRITABLE. */
export async function makeFolder(folder: string): Promise<void> {
  await makeDirectories(folder, FOLDER_MODE).catch((error: unknown) => {
    throw new TribError('NOT_WRITABLE', `Cannot create the folder ${folder}`, { cause: error, hint: 'choose another folder with --dir', exitCode: ExitCode.failed });
  });
}

/** Replaces the state atomically, so that a crash leaves the old one or the new one. Throws as makeFolder and requireOwn. */
export async function writeState(folder: string, state: LocalState): Promise<void> {
  await makeFolder(folder);
  requireOwn(folder);
  await replaceFile(stateFile(folder), `${JSON.stringify(state, null, 2)}\n`);
}

/** Refuses a folder with other content. Throws TribError FOREIGN_FOLDER. */
export function requireUsable(folder: string): void {
  if (!existsSync(folder) || existsSync(join(folder, STATE_FILE))) return;
  const found = readdirSync(folder).find((name) => !isDraftName(name)); // A killed run may have left its draft.
  if (found === undefined) return;
  throw new TribError('FOREIGN_FOLDER', `${folder} exists and has other content (${found})`, { hint: 'choose another folder with --dir', exitCode: ExitCode.failed });
}

/** Removes the state and the nodes' folders, and the folder itself when it is empty. */
export function removeState(folder: string, state: LocalState): void {
  for (const node of state.nodes) rmSync(nodeFolder(folder, node.port), { recursive: true, force: true });
  rmSync(join(folder, STATE_FILE), { force: true });
  if (existsSync(folder) && readdirSync(folder).length === 0) rmSync(folder, { recursive: true });
}
