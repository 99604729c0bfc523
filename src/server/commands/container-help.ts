// The HELP subcommands: generated from the command table.
import { Simple } from '../../resp/server-reply.js';
import type { ServerReply } from '../../resp/server-reply.js';
import type { CommandContext } from '../exec/context.js';
import type { ArgumentDoc } from '../exec/argument-doc.js';

/** The reply of `<CONTAINER> HELP`: two lines per subcommand, its usage and its summary. */
export function containerHelp({ node }: CommandContext, container: string): ServerReply {
  const lines = [`${container} <subcommand> [<arg> [value] [opt] ...]. Subcommands are:`];
  for (const sub of node.commands.find(container)?.subcommands?.values() ?? []) {
    lines.push([sub.spec.name, ...usageOf(sub.spec.arguments ?? [])].join(' '), `    ${sub.spec.summary}`);
  }
  return lines.map((line) => new Simple(line));
}

/** Arguments in usage notation: `[TYPE <type>]`, `ON|OFF`. */
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
