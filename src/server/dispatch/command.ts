// The commands of a node: their handlers are given a CommandContext. The list of commands and their code live in
// server/commands/; the gates that run them in dispatch/dispatcher.ts.
import type { CommandOf, HandlerOf, SpecOf } from './command-of.js';
import type { CommandContext } from './context.js';

export { keyAt, keysAt } from './command-of.js';

export type CommandHandler = HandlerOf<CommandContext>;
export type CommandSpec = SpecOf<CommandContext>;
export type Command = CommandOf<CommandContext>;
