// The list of server commands. Each family is a folder next to this file; adding a command changes only its family.
import type { Command, CommandSpec } from '../exec/command.js';
import { CommandOf } from '../exec/command-of.js';
import type { CommandContext } from '../exec/context.js';
import type { Directive } from '../config/configured.js';
import type { CommandTable } from '../exec/context.js';
import { clusterCommands } from './cluster/spec.js';
import { connectionCommands } from './connection/spec.js';
import { genericCommands } from './generic/spec.js';
import { isMissing } from './missing-commands.js';
import { hashCommands } from './hash/spec.js';
import { listCommands } from './list/spec.js';
import { pubsubCommands } from './pubsub/spec.js';
import { diagnosticCommands } from './diagnostics/spec.js';
import { serverCommands } from './server/spec.js';
import { setCommands } from './set/spec.js';
import { stringCommands } from './string/spec.js';
import { transactionsCommands } from './transactions/spec.js';
import { zsetCommands } from './zset/spec.js';

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

/** The command table of a node; its counters belong to that node. `directives` are those of its redis.conf (rename-command). */
export function createCommandTable(directives: readonly Directive[] = []): CommandTable {
  const byName = new Map<string, Command>();
  const all: Command[] = [];
  for (const spec of FAMILIES.flat()) {
    const command = new CommandOf<CommandContext>(spec);
    all.push(command);
    // Clients write names in either case; both are found without converting the request.
    byName.set(spec.name, command);
    byName.set(spec.name.toLowerCase(), command);
  }
  const renamed = new Set<string>();
  for (const { name, words } of directives) {
    if (name !== 'rename-command') continue;
    renamed.add(words[0]!.toLowerCase());
    rename(byName, words[0]!, words[1]!);
  }
  return { all, find: (name) => byName.get(name) ?? byName.get(name.toLowerCase()), lacks: (name) => isMissing(name) && !renamed.has(name.toLowerCase()) };
}

/**
 * Renames a command, or removes it when the new name is empty. COMMAND and INFO commandstats keep the original name, as in
 * Redis.
 */
function rename(byName: Map<string, Command>, from: string, to: string): void {
  const command = byName.get(from.toLowerCase());
  byName.delete(from.toUpperCase());
  byName.delete(from.toLowerCase());
  if (!command || to === '') return;
  byName.set(to.toUpperCase(), command);
  byName.set(to.toLowerCase(), command);
}
