// The one list of server commands. A family is a file beside this one; adding a command touches its family only.
import type { Command, CommandSpec } from '../dispatch/command.js';
import { CommandOf } from '../dispatch/command-of.js';
import type { CommandContext } from '../dispatch/context.js';
import type { Directive } from '../config/configured.js';
import type { CommandTable } from '../dispatch/context.js';
import { clusterCommands } from './cluster.js';
import { connectionCommands } from './connection.js';
import { genericCommands } from './generic.js';
import { hashCommands } from './hash.js';
import { listCommands } from './list.js';
import { pubsubCommands } from './pubsub.js';
import { diagnosticCommands } from './diagnostics.js';
import { serverCommands } from './server.js';
import { setCommands } from './set.js';
import { stringCommands } from './string.js';
import { transactionsCommands } from './transactions.js';
import { zsetCommands } from './zset.js';

const FAMILIES: readonly (readonly CommandSpec[])[] = [
  stringCommands,
  listCommands,
  hashCommands,
  setCommands,
  zsetCommands,
  transactionsCommands,
  clusterCommands,
  connectionCommands,
  pubsubCommands,
  genericCommands,
  serverCommands,
  diagnosticCommands,
];

/** The table of a node; counters in it belong to that node. `directives` are those of its redis.conf (rename-command). */
export function createCommandTable(directives: readonly Directive[] = []): CommandTable {
  const byName = new Map<string, Command>();
  const all: Command[] = [];
  for (const spec of FAMILIES.flat()) {
    const command = new CommandOf<CommandContext>(spec);
    all.push(command);
    // Clients write names in either case; both are found without changing the case of what came in.
    byName.set(spec.name, command);
    byName.set(spec.name.toLowerCase(), command);
  }
  for (const { name, words } of directives) if (name === 'rename-command') rename(byName, words[0]!, words[1]!);
  return { all, find: (name) => byName.get(name) ?? byName.get(name.toLowerCase()) };
}

/** A command by another name, or by none when that is empty. Redis knows it by its own name in all tables still. */
function rename(byName: Map<string, Command>, from: string, to: string): void {
  const command = byName.get(from.toLowerCase());
  byName.delete(from.toUpperCase());
  byName.delete(from.toLowerCase());
  if (!command || to === '') return;
  byName.set(to.toUpperCase(), command);
  byName.set(to.toLowerCase(), command);
}
