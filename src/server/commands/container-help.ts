// The HELP subcommands: a list made from the command table and the argument docs, so that no text is written twice.
import { Simple } from '../../resp/server-reply.js';
import type { ServerReply } from '../../resp/server-reply.js';
import type { CommandContext } from '../dispatch/context.js';
import type { ArgumentDoc, ArgumentDocs } from './docs/argument-docs.js';

/** The reply of `<CONTAINER> HELP`: two lines a subcommand, its call and what it does. */
export function containerHelp({ node }: CommandContext, container: string, docs: ArgumentDocs): ServerReply {
  const lines = [`${container} <subcommand> [<arg> [value] [opt] ...]. Subcommands are:`];
  for (const sub of node.commands.find(container)?.subcommands?.values() ?? []) {
    lines.push([sub.spec.name, ...usageOf(docs[sub.fullName] ?? [])].join(' '), `    ${sub.spec.summary}`);
  }
  return lines.map((line) => new Simple(line));
}

/** Arguments as a person writes them: `[TYPE <type>]`, `ON|OFF`. */
export function usageOf(docs: readonly ArgumentDoc[]): string[] {
  return docs.map((doc) => {
    const body = bodyOf(doc);
    const word = doc.token && doc.type !== 'pure-token' ? `${doc.token} ${body}` : body;
    const repeated = doc.flags?.includes('multiple') ? `${word} [${word} ...]` : word;
    return doc.flags?.includes('optional') ? `[${repeated}]` : repeated;
  });
}

function bodyOf(doc: ArgumentDoc): string {
  if (doc.type === 'pure-token') return doc.token ?? doc.name;
  if (doc.type === 'oneof') return usageOf(doc.arguments ?? []).join('|');
  if (doc.type === 'block') return usageOf(doc.arguments ?? []).join(' ');
  return `<${doc.name}>`;
}
