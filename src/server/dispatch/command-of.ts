// What a server command is made of, whatever its handler is given: those who only look at a command's facts (keys, flags,
// name) need not know the context. The commands of a node are in command.ts and server/commands/.
import type { ServerReply } from '../../resp/server-reply.js';

/** Flags as COMMAND INFO spells them; it does not show may_replicate, which only CLIENT PAUSE WRITE looks at. */
export type CommandFlag =
  | 'write' | 'readonly' | 'denyoom' | 'admin' | 'pubsub' | 'noscript' | 'blocking' | 'loading' | 'stale'
  | 'skip_monitor' | 'skip_slowlog' | 'asking' | 'fast' | 'no_auth' | 'may_replicate' | 'no_async_loading'
  | 'no_multi' | 'allow_busy' | 'movablekeys';

/** Where a command's keys stand, in the terms of COMMAND INFO's key specifications. */
export interface KeySpec {
  /** RO, RW, OW, RM with access, update, insert, delete, not_key, incomplete, variable_flags. */
  readonly flags: readonly string[];
  readonly begin: { readonly index: number } | { readonly keyword: string; readonly from: number } | null;
  readonly find:
    | { readonly last: number; readonly step: number; readonly limit: number }
    | { readonly numIndex: number; readonly first: number; readonly step: number }
    | null;
}

/** A handler answers at once, later (a promise: the client waits, others go on), or BLOCKED after ctx.block(). */
export type CommandResult = ServerReply | Promise<ServerReply>;
export type HandlerOf<Context> = (ctx: Context, args: readonly string[]) => CommandResult;

/** With `never` for the context: the specification of any command, which cannot be run by who knows no more. */
export interface SpecOf<Context = never> {
  /** Upper case; a subcommand carries its own word only. */
  readonly name: string;
  /** Words including the name; negative: at least that many. */
  readonly arity: number;
  readonly flags: readonly CommandFlag[];
  /** ACL categories that do not follow from flags, without the @. */
  readonly categories?: readonly string[];
  readonly keys?: readonly KeySpec[];
  /** Positions of keys in `args` where the specifications cannot tell (SORT … STORE, EVAL, MIGRATE). */
  readonly findKeys?: (args: readonly string[]) => number[] | null;
  readonly tips?: readonly string[];
  readonly since: string;
  readonly group: string;
  readonly summary: string;
  readonly complexity?: string;
  readonly deprecatedSince?: string;
  readonly replacedBy?: string;
  readonly subcommands?: readonly SpecOf<Context>[];
  readonly run?: HandlerOf<Context>;
}

/** A command in the table: its specification and what the gates need to know about it at once. */
export class CommandOf<Context = never> {
  readonly fullName: string;
  readonly write: boolean;
  readonly readonly: boolean;
  readonly denyOom: boolean;
  readonly noAuth: boolean;
  readonly blocking: boolean;
  readonly asking: boolean;
  readonly noMulti: boolean;
  readonly mayReplicate: boolean;
  readonly loading: boolean;
  /** Index of the only key, 0 when there is none or more than one: the fast path of routing. */
  readonly singleKey: number;
  readonly hasKeys: boolean;
  readonly subcommands: ReadonlyMap<string, CommandOf<Context>> | null;
  /** For INFO commandstats. */
  readonly stats = { calls: 0, microseconds: 0, rejected: 0, failed: 0 };

  constructor(readonly spec: SpecOf<Context>, readonly parent: CommandOf<Context> | null = null) {
    const name = spec.name.toLowerCase();
    this.fullName = parent ? `${parent.fullName}|${name}` : name;
    const flag = (f: CommandFlag): boolean => spec.flags.includes(f);
    this.write = flag('write');
    this.readonly = flag('readonly');
    this.denyOom = flag('denyoom');
    this.noAuth = flag('no_auth');
    this.blocking = flag('blocking');
    this.asking = flag('asking');
    this.noMulti = flag('no_multi');
    this.mayReplicate = flag('may_replicate');
    this.loading = flag('loading');
    this.singleKey = onlyKey(spec);
    this.hasKeys = (spec.keys?.length ?? 0) > 0 || spec.findKeys !== undefined;
    this.subcommands = spec.subcommands
      ? new Map(spec.subcommands.map((sub) => [sub.name.toLowerCase(), new CommandOf(sub, this)]))
      : null;
  }

  accepts(argc: number): boolean {
    const { arity } = this.spec;
    return arity >= 0 ? argc === arity : argc >= -arity;
  }
}

function onlyKey(spec: SpecOf): number {
  const key = spec.keys?.[0];
  if (!key || spec.keys!.length !== 1 || spec.findKeys || !key.begin || !('index' in key.begin)) return 0;
  return key.find && 'last' in key.find && key.find.last === 0 ? key.begin.index : 0;
}

const range = (flags: string[], index: number, last: number, step: number): KeySpec => ({
  flags,
  begin: { index },
  find: { last, step, limit: 0 },
});

/** Keys from `index` to `last` (relative to it; negative: counted from the end of the arguments). */
export const keysAt = range;
/** One key at `index`. */
export const keyAt = (index: number, ...flags: string[]): KeySpec => range(flags, index, 0, 1);
