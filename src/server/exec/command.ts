// The commands of a node, whose handlers get a CommandContext. The list of commands and their code is in server/commands/; the
// gates that run them are in executor.ts.
import type { CommandOf, SpecOf } from './command-of.js';
import type { CommandContext } from './context.js';

export { keyAt, keysAt } from './command-of.js';

/** The words of a request, the command's name first. */
export type Args = readonly string[];

export type CommandSpec = SpecOf<CommandContext>;
export type Command = CommandOf<CommandContext>;
