// One command as COMMAND DOCS describes it, from its entry in the table.
import { MapReply, SetReply, Simple } from '../../../resp/server-reply.js';
import type { ServerReply } from '../../../resp/server-reply.js';
import type { Command } from '../../exec/command.js';
import type { ArgumentDoc } from '../../exec/argument-doc.js';

/** The map of one command, without fields that the table lacks. */
export function commandDocs(command: Command): MapReply {
  const { spec } = command;
  const fields: ServerReply[] = ['summary', spec.summary, 'since', spec.since, 'group', spec.group];
  if (spec.complexity !== undefined) fields.push('complexity', spec.complexity);
  if (spec.deprecatedSince !== undefined) {
    fields.push('doc_flags', new SetReply([new Simple('deprecated')]), 'deprecated_since', spec.deprecatedSince);
    if (spec.replacedBy !== undefined) fields.push('replaced_by', spec.replacedBy);
  }
  const docs = spec.arguments;
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
