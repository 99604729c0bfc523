// Each parameter is marked effective or ignored; the marks are compared with what the code reads.
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';
import { expect, it } from 'vitest';
import { Config } from '../../../src/server/config/config.js';

const ROOT = fileURLToPath(new URL('../../../src/server/', import.meta.url));

/** Reads that have no effect: INFO, OBJECT and the process title show the value, and nothing else is done with it. */
const ONLY_SHOWN = new Set(['hz', 'maxmemory-policy', 'tls-port', 'unixsocket']);
/** Reads there do not count: that file only reports settings without effect. */
const REFUSALS = 'config/unsupported.ts';
/** Functions that are given the name of a parameter to read. */
const READERS = new Set(['text', 'flag', 'integer', 'number', 'follow', 'pathOf', 'onChange']);

/** Names that the code gives to READERS, as string literals. */
function namesRead(): Set<string> {
  const found = new Set<string>();
  const files = readdirSync(ROOT, { recursive: true, encoding: 'utf8' }).filter((path) => path.endsWith('.ts') && path !== REFUSALS);
  for (const path of files) {
    const tree = ts.createSourceFile(path, readFileSync(join(ROOT, path), 'utf8'), ts.ScriptTarget.Latest);
    const visit = (node: ts.Node): void => {
      if (ts.isCallExpression(node) && READERS.has(calledName(node))) {
        for (const argument of node.arguments.slice(0, 2)) if (ts.isStringLiteral(argument)) found.add(argument.text);
      }
      ts.forEachChild(node, visit);
    };
    visit(tree);
  }
  return found;
}

function calledName({ expression }: ts.CallExpression): string {
  if (ts.isPropertyAccessExpression(expression)) return expression.name.text;
  return ts.isIdentifier(expression) ? expression.text : '';
}

it('marks as effective exactly the parameters that the code reads', () => {
  const read = namesRead();
  const wrong = [...new Config().entries()].map(({ parameter }) => parameter).filter(({ name, effective }) => (read.has(name) && !ONLY_SHOWN.has(name)) !== effective);
  expect(wrong.map(({ name, effective }) => `${name} is ${effective ? 'not read' : 'read'}`)).toEqual([]);
});
