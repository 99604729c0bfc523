// Which suite a test file belongs to, found from what it imports: `unit` needs no other process, `parity` compares with a
// real server, `cluster` is the rest (real servers, the built program, nodes as processes).
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';

export type Suite = 'unit' | 'parity' | 'cluster';

const OTHER_PROCESSES = /from '(node:child_process|node:worker_threads|@lydell\/node-pty)'|import\('node:child_process'\)|\bstartCluster\(|\bstartServer\(/;

/** Files of test/ that `path` imports, itself included. */
function reachable(path: string, root: string, found = new Set<string>()): Set<string> {
  if (found.has(path)) return found;
  found.add(path);
  for (const [, target] of readFileSync(path, 'utf8').matchAll(/from '(\.[^']+)\.js'/g)) {
    const file = `${resolve(dirname(path), target!)}.ts`;
    if (file.startsWith(join(root, 'test'))) reachable(file, root, found);
  }
  return found;
}

/** The suite of one test file; `path` and `root` are absolute. */
export function suiteOf(path: string, root: string): Suite {
  const place = relative(root, path).replaceAll('\\', '/');
  if (place.startsWith('test/parity/')) return 'parity';
  // Long by nature: thousands of nodes or requests, or sockets that wait.
  if (/^test\/(hostile|sim|server\/fuzz|bench)\/|thousand-nodes|endless-replies/.test(place)) return 'cluster';
  return [...reachable(path, root)].some((file) => OTHER_PROCESSES.test(readFileSync(file, 'utf8'))) ? 'cluster' : 'unit';
}

/** Test files of a suite, relative to the root. */
export function filesOf(suite: Suite, root: string): string[] {
  return readdirSync(join(root, 'test'), { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith('.test.ts'))
    .map((entry) => join(entry.parentPath, entry.name))
    .filter((path) => suiteOf(path, root) === suite)
    .map((path) => relative(root, path).replaceAll('\\', '/'))
    .sort();
}
