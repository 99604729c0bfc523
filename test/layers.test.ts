// The order of the folders (docs/design.md): lower ranks never import higher ones, folders do not import each other in circles,
// one file touches the terminal, one file ends the process, src/server/ takes time and chance only by injection.
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';
import { describe, expect, it } from 'vitest';

const ROOT = fileURLToPath(new URL('..', import.meta.url));

const RANKS: Readonly<Record<string, number>> = {
  'src/errors.ts': 0,
  'src/resp': 0,
  'src/cluster': 0,
  'src/files': 0,
  'src/rdb': 0,
  'src/aof': 0,
  'src/plan': 1,
  'src/client': 2,
  'src/apply': 3,
  'src/consistency': 3,
  'src/import': 3,
  'src/local': 3,
  'src/ui': 4,
  'src/cli': 5,
  commands: 6,
  bin: 7,
  // Public entries: index over apply and below, testing over local and server.
  'src/index.ts': 4,
  'src/testing.ts': 6,
  'src/testing': 6,
};

/** Files outside src/server/ that it may import. */
const SERVER_MAY_USE = [/^src\/server\//, /^src\/resp\//, /^src\/cluster\//, /^src\/rdb\//, /^src\/aof\//, /^src\/errors\.ts$/, /^src\/client\/connection\.ts$/];

/** Folders and files of src/server, lowest rank first: none imports from a later line. */
const SERVER_RANKS: readonly (readonly string[])[] = [
  ['types', 'runtime', 'errors.ts'],
  ['keyspace', 'persistence', 'observability'],
  ['config', 'settings.ts', 'migrate'],
  ['exec', 'pubsub'],
  ['cluster', 'net', 'durability', 'replication'],
  ['info'],
  ['commands'],
  ['node.ts'],
  ['index.ts', 'process'],
];

/** Files of src/server/exec that commands must not import: they may use their context and the argument readers only. */
const NOT_FOR_COMMANDS = ['src/server/exec/executor.ts', 'src/server/exec/gates.ts', 'src/server/exec/served-client.ts'];

interface SourceFile {
  /** Relative to the root, with slashes. */
  readonly path: string;
  readonly text: string;
  /** Files of this package that it imports, also for types only. */
  readonly imports: readonly string[];
  /** Property accesses in code, as `object.name`; comments and strings don't count. */
  readonly accesses: ReadonlySet<string>;
}

function filesUnder(folder: string): string[] {
  return readdirSync(join(ROOT, folder), { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith('.ts'))
    .map((entry) => relative(ROOT, join(entry.parentPath, entry.name)).replaceAll('\\', '/'));
}

function readTree(path: string, text: string): Pick<SourceFile, 'imports' | 'accesses'> {
  const imports: string[] = [];
  const accesses = new Set<string>();
  const add = (specifier: ts.Node | undefined): void => {
    if (specifier === undefined || !ts.isStringLiteralLike(specifier) || !specifier.text.startsWith('.')) return;
    imports.push(relative(ROOT, resolve(ROOT, dirname(path), specifier.text)).replaceAll('\\', '/').replace(/\.js$/, '.ts'));
  };
  const visit = (node: ts.Node): void => {
    if (ts.isImportDeclaration(node) || ts.isExportDeclaration(node)) add(node.moduleSpecifier);
    if (ts.isCallExpression(node) && node.expression.kind === ts.SyntaxKind.ImportKeyword) add(node.arguments[0]);
    if (ts.isImportTypeNode(node) && ts.isLiteralTypeNode(node.argument)) add(node.argument.literal);
    if (ts.isPropertyAccessExpression(node) && ts.isIdentifier(node.expression)) accesses.add(`${node.expression.text}.${node.name.text}`);
    ts.forEachChild(node, visit);
  };
  visit(ts.createSourceFile(path, text, ts.ScriptTarget.Latest));
  return { imports, accesses };
}

const files: readonly SourceFile[] = ['src', 'commands', 'bin'].flatMap(filesUnder).map((path) => {
  const text = readFileSync(join(ROOT, path), 'utf8');
  return { path, text, ...readTree(path, text) };
});

function folderOf(path: string): string {
  if (path.startsWith('src/server/')) return 'src/server';
  return Object.keys(RANKS).find((folder) => path === folder || path.startsWith(`${folder}/`)) ?? path;
}

/** Accesses to one of these properties in all files but the excepted ones, as `path: object.name`. */
function accesses(object: string, names: readonly string[], except: (path: string) => boolean): string[] {
  return files
    .filter(({ path }) => !except(path))
    .flatMap((file) => names.filter((name) => file.accesses.has(`${object}.${name}`)).map((name) => `${file.path}: ${object}.${name}`));
}

/** Each circle once, beginning with the file at which a depth-first search entered it. */
function circles(graph: ReadonlyMap<string, readonly string[]>): string[] {
  const found: string[] = [];
  const done = new Set<string>();
  const walk = (path: string, way: readonly string[]): void => {
    if (way.includes(path)) found.push([...way.slice(way.indexOf(path)), path].join(' → '));
    if (done.has(path) || way.includes(path)) return;
    for (const next of graph.get(path) ?? []) walk(next, [...way, path]);
    done.add(path);
  };
  for (const path of graph.keys()) walk(path, []);
  return found;
}

const isServer = (path: string): boolean => path.startsWith('src/server/') || path === 'bin/redis-trib-server.ts';

describe('layers', () => {
  it('finds the files and their imports', () => {
    expect(files.length).toBeGreaterThan(100);
    expect(files.flatMap(({ imports }) => imports).length).toBeGreaterThan(300);
  });

  it('every file is in a known folder', () => {
    expect(files.filter(({ path }) => RANKS[folderOf(path)] === undefined && !isServer(path)).map(({ path }) => path)).toEqual([]);
  });

  it('lower ranks never import higher ones', () => {
    const wrong = files
      .filter(({ path }) => !isServer(path))
      .flatMap(({ path, imports }) =>
        imports
          .filter((target) => !isServer(target) && (RANKS[folderOf(target)] ?? 99) > (RANKS[folderOf(path)] ?? 0))
          .map((target) => `${path} → ${target}`),
      );
    expect(wrong).toEqual([]);
  });

  it('the server imports from the other folders only the codecs, the cluster model and the connection', () => {
    const wrong = files
      .filter(({ path }) => path.startsWith('src/server/'))
      .flatMap(({ path, imports }) => imports.filter((target) => !SERVER_MAY_USE.some((rule) => rule.test(target))).map((target) => `${path} → ${target}`));
    expect(wrong).toEqual([]);
  });

  it('folders of the server import lower ones only: net → exec, commands → keyspace → types', () => {
    const serverFolder = (path: string): string => path.slice('src/server/'.length).split('/')[0]!;
    const rank = (path: string): number => SERVER_RANKS.findIndex((folders) => folders.includes(serverFolder(path)));
    const inside = files.filter(({ path }) => path.startsWith('src/server/'));
    expect(inside.filter(({ path }) => rank(path) < 0).map(({ path }) => path)).toEqual([]);
    const arrows = inside.flatMap(({ path, imports }) => imports.filter((target) => target.startsWith('src/server/')).map((target) => ({ path, target })));
    expect(arrows.filter(({ path, target }) => rank(target) > rank(path)).map(({ path, target }) => `${path} → ${target}`)).toEqual([]);
    const reaching = arrows.filter(({ path, target }) => serverFolder(path) === 'commands' && NOT_FOR_COMMANDS.includes(target));
    expect(reaching.map(({ path, target }) => `${path} → ${target}`)).toEqual([]);
  });

  it('the administrator\'s code does not import the server; bin and testing do', () => {
    const wrong = files
      .filter(({ path }) => !isServer(path) && !path.startsWith('src/testing'))
      .flatMap(({ path, imports }) => imports.filter((target) => target.startsWith('src/server/')).map((target) => `${path} → ${target}`));
    expect(wrong).toEqual([]);
  });

  it('no two folders import each other, directly or through others', () => {
    const graph = new Map<string, Set<string>>();
    for (const { path, imports } of files) {
      const folder = folderOf(path);
      for (const target of imports) {
        const other = folderOf(target);
        if (other !== folder) graph.set(folder, (graph.get(folder) ?? new Set()).add(other));
      }
    }
    const circles: string[] = [];
    const walk = (folder: string, way: readonly string[]): void => {
      if (way.includes(folder)) circles.push([...way.slice(way.indexOf(folder)), folder].join(' → '));
      else for (const next of graph.get(folder) ?? []) walk(next, [...way, folder]);
    };
    for (const folder of graph.keys()) walk(folder, []);
    expect([...new Set(circles)]).toEqual([]);
  });

  it.each(['src/apply/mover', 'src/cli', 'src/server/cluster'])('the folders of %s import each other in one direction', (parent) => {
    const folder = (path: string): string | undefined => new RegExp(`^${parent}/([^/]+)/`).exec(path)?.[1];
    const graph = new Map<string, string[]>();
    for (const { path, imports } of files) {
      const from = folder(path);
      if (from === undefined) continue;
      const others = imports.map(folder).filter((to) => to !== undefined && to !== from) as string[];
      graph.set(from, [...(graph.get(from) ?? []), ...others]);
    }
    expect(graph.size).toBeGreaterThan(4);
    expect(circles(graph)).toEqual([]);
  });

  it('no folder has more than 25 files, except the list of subcommands', () => {
    const counts = new Map<string, number>();
    for (const { path } of files) counts.set(dirname(path), (counts.get(dirname(path)) ?? 0) + 1);
    expect([...counts].filter(([folder, count]) => count > 25 && folder !== 'commands')).toEqual([]);
  });

  it('no files import each other in a circle, not even types', () => {
    const graph = new Map(files.map(({ path, imports }) => [path, imports]));
    expect(circles(graph)).toEqual([]);
    expect(circles(new Map([['a', ['b']], ['b', ['c']], ['c', ['b', 'd']], ['d', []]]))).toEqual(['b → c → b']);
  });

  it('every import names an existing file', () => {
    const known = new Set(files.map(({ path }) => path));
    expect(files.flatMap(({ path, imports }) => imports.filter((target) => !known.has(target) && !target.endsWith('.json')).map((target) => `${path} → ${target}`))).toEqual([]);
  });
});

describe('access through one file', () => {
  it('outside src/server only ui/io.ts touches stdout, stderr and stdin', () => {
    expect(accesses('process', ['stdout', 'stderr', 'stdin'], (path) => path === 'src/ui/io.ts' || isServer(path))).toEqual([]);
    expect(accesses('console', ['log', 'error', 'warn', 'info'], () => false)).toEqual([]);
  });
  it('outside src/server only cli/main.ts ends the process', () => {
    expect(accesses('process', ['exit', 'exitCode', 'abort'], (path) => path === 'src/cli/main.ts' || isServer(path))).toEqual([]);
  });
  it('the server takes time and random numbers only from clock.ts and random.ts', () => {
    const door = (path: string): boolean => !path.startsWith('src/server/') || /^src\/server\/runtime\/(clock|random)\.ts$/.test(path);
    expect([...accesses('Date', ['now'], door), ...accesses('Math', ['random'], door), ...accesses('performance', ['now'], door)]).toEqual([]);
  });
  it('no file has a name without meaning, such as utils', () => {
    expect(files.filter(({ path }) => /\/(utils?|helpers?|common|misc|types)\.ts$/.test(path)).map(({ path }) => path)).toEqual([]);
  });
  it('every file begins with a comment about its contents', () => {
    expect(files.filter(({ text }) => !/^(#!.*\n)?(\/\/|\/\*\*)/.test(text)).map(({ path }) => path)).toEqual([]);
  });
});
