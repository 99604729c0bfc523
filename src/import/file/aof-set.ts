// The files of an append-only file, in the order in which they are read: one file, or the parts that a manifest names
// (persistence-replication.md 3.3).
import { open, readFile, readdir, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { ManifestError, parseManifest } from '../../aof/manifest.js';
import { TribError } from '../../errors.js';
import { openable } from './openable.js';

const SUFFIX = '.manifest';
/** The default of `appenddirname`. */
const FOLDER = 'appendonlydir';

async function isFolder(path: string): Promise<boolean> {
  return stat(path).then((found) => found.isDirectory(), () => false);
}

/** The manifest of a folder, which may be the folder above. Throws TribError NO_MANIFEST. */
async function manifestIn(folder: string): Promise<string> {
  const names = (await readdir(folder)).filter((name) => name.endsWith(SUFFIX) && !name.startsWith('temp-'));
  const [name, another] = names;
  if (another !== undefined) throw new TribError('NO_MANIFEST', `${folder} has several manifests: ${names.join(', ')}`, { hint: 'give the manifest itself' });
  if (name !== undefined) return join(folder, name);
  if (await isFolder(join(folder, FOLDER))) return manifestIn(join(folder, FOLDER));
  throw new TribError('NO_MANIFEST', `${folder} has no manifest of an append-only file`, { hint: `give the folder with the file …aof${SUFFIX}, or a single append-only file` });
}

async function beginsLikeManifest(path: string): Promise<boolean> {
  const handle = await open(path, 'r');
  try {
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(5), 0, 5, 0);
    return buffer.toString('latin1', 0, bytesRead) === 'file ';
  } finally {
    await handle.close();
  }
}

/** The paths, in order. Throws as openable, and TribError NO_MANIFEST, BAD_MANIFEST. */
export async function aofFiles(path: string): Promise<string[]> {
  const manifest = (await isFolder(path)) ? await manifestIn(path) : path;
  await openable(manifest);
  if (manifest === path && !path.endsWith(SUFFIX) && !(await beginsLikeManifest(path))) return [path];
  try {
    const { base, increments } = parseManifest(await readFile(manifest, 'latin1'));
    const files = [...(base === null ? [] : [base]), ...increments].map(({ name }) => join(dirname(manifest), Buffer.from(name, 'latin1').toString('utf8')));
    for (const file of files) await openable(file);
    return files;
  } catch (error) {
    if (!(error instanceof ManifestError)) throw error;
    throw new TribError('BAD_MANIFEST', `${manifest}: ${error.message}${error.line > 0 ? ` (line ${error.line})` : ''}`, { cause: error, hint: 'restore the manifest from a copy' });
  }
}
