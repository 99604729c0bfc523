// One command as COMMAND DOCS describes it, from the table and the argument docs.
import { MapReply, SetReply, Simple } from '../../resp/server-reply.js';
import type { ServerReply } from '../../resp/server-reply.js';
import type { Command } from '../dispatch/command.js';
import type { ArgumentDoc, ArgumentDocs } from './docs/argument-docs.js';
import { clusterDocs } from './docs/cluster-docs.js';
import { connectionDocs } from './docs/connection-docs.js';
import { genericDocs } from './docs/generic-docs.js';
import { hashDocs } from './docs/hash-docs.js';
import { listDocs } from './docs/list-docs.js';
import { pubsubDocs } from './docs/pubsub-docs.js';
import { serverDocs } from './docs/server-docs.js';
import { setDocs } from './docs/set-docs.js';
import { stringDocs } from './docs/string-docs.js';
import { transactionsDocs } from './docs/transactions-docs.js';
import { zsetDocs } from './docs/zset-docs.js';

const ALL: readonly ArgumentDocs[] = [
  stringDocs, genericDocs, listDocs, hashDocs, setDocs, zsetDocs, clusterDocs, connectionDocs, pubsubDocs, serverDocs, transactionsDocs,
];

/** The map of one command; what the table does not know is left out. */
export function commandDocs(command: Command): MapReply {
  const { spec } = command;
  const fields: ServerReply[] = ['summary', spec.summary, 'since', spec.since, 'group', spec.group];
  if (spec.complexity !== undefined) fields.push('complexity', spec.complexity);
  if (spec.deprecatedSince !== undefined) {
    fields.push('doc_flags', new SetReply([new Simple('deprecated')]), 'deprecated_since', spec.deprecatedSince);
    if (spec.replacedBy !== undefined) fields.push('replaced_by', spec.replacedBy);
  }
  const docs = ALL.find((family) => Object.hasOwn(family, command.fullName))?.[command.fullName];
  if (docs) fields.push('arguments', docs.map(argumentDetails));
  if (command.subcommands) fields.push('subcommands', docsByName([...command.subcommands.values()]));
  return new MapReply(fields);
}

/** Names and docs of several commands. */
export const docsByName = (commands: readonly Command[]): MapReply =>
  new MapReply(commands.flatMap((command) => [command.fullName, commandDocs(command)]));

function argumentDetails(doc: ArgumentDoc): MapReply {
  const fields: ServerReply[] = ['name', doc.name, 'type', doc.type];
  if (doc.display_text !== undefined) fields.push('display_text', doc.display_text);
  if (doc.key_spec_index !== undefined) fields.push('key_spec_index', doc.key_spec_index);
  if (doc.token !== undefined) fields.push('token', doc.token);
  if (doc.since !== undefined) fields.push('since', doc.since);
  if (doc.deprecated_since !== undefined) fields.push('deprecated_since', doc.deprecated_since);
  if (doc.flags) fields.push('flags', new SetReply(doc.flags.map((flag) => new Simple(flag))));
  if (doc.arguments) fields.push('arguments', doc.arguments.map(argumentDetails));
  return new MapReply(fields);
}
