// Owner checks of files: a file that another user can change must not determine what this program runs, ends or connects to.
// Read-only.
import { lstatSync } from 'node:fs';

/**
 * Why the path may not be this user's own; undefined when it is, when it does not exist, and on systems without owners. Links
 * count as foreign, because their targets may change.
 */
export function ownershipFault(path: string, kind: 'file' | 'folder'): string | undefined {
  const found = lstatSync(path, { throwIfNoEntry: false });
  if (found === undefined) return undefined;
  if (found.isSymbolicLink()) return `${path} is a link`;
  if (kind === 'file' ? !found.isFile() : !found.isDirectory()) return `${path} is not a ${kind}`;
  const user = process.geteuid?.();
  if (user === undefined) return undefined;
  if (found.uid !== user) return `${path} belongs to another user (${found.uid})`;
  return (found.mode & 0o022) === 0 ? undefined : `other users may write to ${path}`;
}
