// Every rule that a comment cites (`cluster-node.md 3.4.2`, `cli.md 2.8`) has its section in docs/rules, and every file that a
// comment names exists.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const DOCUMENTS = ['cli', 'cluster-node', 'persistence-replication'];

/** Numbers of the sections of one document: `3`, `3.4`, `3.4.2`. */
function sections(document: string): Set<string> {
  const text = readFileSync(join(ROOT, 'docs', 'rules', `${document}.md`), 'utf8');
  return new Set([...text.matchAll(/^#+ (\d+(?:\.\d+)*)\.? /gm)].map((match) => match[1]!));
}

interface Citation {
  readonly document: string;
  readonly section: string;
}

/**
 * The citations of a text: a document and one or more sections (`cli.md 2.4, 2.5`, `cluster-node.md 4.3–4.5`), also over a
 * line break.
 */
function citations(text: string): Citation[] {
  const flat = text.replace(/\n\s*(?:\/\/|\*)\s*/g, ' ');
  const pattern = new RegExp(`\\b(${DOCUMENTS.join('|')})(?:\\.md)? ((?:\\d+(?:\\.\\d+)*)(?:(?:, |–|-| and )\\d+(?:\\.\\d+)+)*)`, 'g');
  return [...flat.matchAll(pattern)].flatMap(([, document, list]) => list!.split(/, |–|-| and /).map((section) => ({ document: document!, section })));
}

/** Citations without the `.md`: `cli 6` would read as a version of redis-cli. */
function bareCitations(text: string): string[] {
  return [...text.replace(/\n\s*(?:\/\/|\*)\s*/g, ' ').matchAll(new RegExp(`(?<![\\w.-])(?:${DOCUMENTS.join('|')}) \\d[\\d.]*`, 'g'))].map(([text]) => text);
}

const files = ['src', 'commands', 'bin', 'test'].flatMap((folder) =>
  readdirSync(join(ROOT, folder), { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith('.ts'))
    .map((entry) => join(entry.parentPath, entry.name)),
);

describe('citations of rules', () => {
  it('finds documents, sections, lists and ranges', () => {
    expect(citations('// cluster-node.md 3.4.2, 6.2: so\n// as cli.md\n// 2.8 says; redis-cli 7.0.15 is a program').map(({ document, section }) => `${document} ${section}`)).toEqual(['cluster-node 3.4.2', 'cluster-node 6.2', 'cli 2.8', 'cli 7.0.15']);
  });

  it('resolve to sections of docs/rules', () => {
    const known = new Map(DOCUMENTS.map((document) => [document, sections(document)]));
    const found = files.filter((path) => !path.endsWith('citations.test.ts')).flatMap((path) =>
      citations(readFileSync(path, 'utf8').replaceAll(/\b(?:redis|valkey)-cli\b/g, 'program')).map((citation) => ({ path: path.slice(ROOT.length), ...citation })),
    );
    expect(found.length).toBeGreaterThan(150);
    expect(found.filter(({ document, section }) => known.get(document)?.has(section) !== true)).toEqual([]);
  });
});

describe('citations in the code', () => {
  it('name the file with its ending', () => {
    expect(bareCitations('// as cli\n// 2.8 says (cluster-node 3.4); cli.md 2.8; redis-cli 7.0.15')).toEqual(['cli 2.8', 'cluster-node 3.4']);
    const code = files.filter((path) => !path.endsWith('citations.test.ts'));
    expect(code.flatMap((path) => bareCitations(readFileSync(path, 'utf8')).map((text) => `${path.slice(ROOT.length)}: ${text}`))).toEqual([]);
  });
});

describe('comments', () => {
  it('refer to nothing outside the repository', () => {
    const outside = files.flatMap((path) =>
      readFileSync(path, 'utf8')
        .split('\n')
        .filter((line) => /(?:\/\/|\*).*(?:\bspec §|\bspecs\/|\bDESIGN\b)/.test(line))
        .map((line) => `${path.slice(ROOT.length)}: ${line.trim()}`),
    );
    expect(outside.filter((line) => !line.startsWith('test/docs/citations'))).toEqual([]);
  });
});

describe('comments that name files', () => {
  it('name files that exist', () => {
    const dangling = files.flatMap((path) =>
      readFileSync(path, 'utf8')
        .split('\n')
        .filter((line) => /^\s*(?:\/\/|\/?\*)/.test(line))
        .flatMap((line) => [...line.matchAll(/(?<![\w.-])(?:[\w-]+\/)*[\w*-]+\.ts\b/g)].map(([name]) => name))
        .filter((name) => !files.some((file) => file.endsWith(`/${name}`)))
        .map((name) => `${path.slice(ROOT.length)}: ${name}`),
    );
    expect(dangling).toEqual([]);
  });
});
