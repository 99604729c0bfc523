// The specification of a server command, independent of its handler's context: code that only reads facts (keys, flags, name)
// need not know the context. The commands of a node are in command.ts and server/commands/.
import type { ServerReply } from '../../resp/server-reply.js';
import type { ArgumentDoc } from './argument-doc.js';

/** Flags as COMMAND INFO spells them; it does not show may_replicate, which the gates use. */
export type CommandFlag =
  | 'write' | 'readonly' | 'denyoom' | 'admin' | 'pubsub' | 'noscript' | 'blocking' | 'loading' | 'stale'
  | 'skip_monitor' | 'skip_slowlog' | 'asking' | 'fast' | 'no_auth' | 'may_replicate' | 'no_async_loading'
  | 'no_multi' | 'allow_busy' | 'movablekeys';

/** Positions of a command's keys, in the terms of COMMAND INFO's key specifications. */
export interface KeySpec {
  /** RO, RW, OW, RM with access, update, insert, delete, not_key, incomplete, variable_flags. */
  readonly flags: readonly string[];
  readonly begin: { readonly index: number } | { readonly keyword: string; readonly from: number } | null;
  readonly find:
    | { readonly last: number; readonly step: number; readonly limit: number }
    | { readonly numIndex: number; readonly first: number; readonly step: number }
    | null;
}

/** A handler returns its reply, a promise of it (the client waits, others continue), or BLOCKED after ctx.block(). */
export type CommandResult = ServerReply | Promise<ServerReply>;
export type HandlerOf<Context> = (ctx: Context, args: readonly string[]) => CommandResult;

/** With `never` as context: the specification of any command, which cannot be run without knowing its context. */
export interface SpecOf<Context = never> {
  /** Upper case; a subcommand has only its own word. */
  readonly name: string;
  /** Number of words including the name; negative: the minimum. */
  readonly arity: number;
  readonly flags: readonly CommandFlag[];
  /** ACL categories that are not derived from flags, without the @. */
  readonly categories?: readonly string[];
  readonly keys?: readonly KeySpec[];
  /** Positions of keys in `args` that the specifications cannot express (SORT … STORE, MIGRATE). */
  readonly findKeys?: (args: readonly string[]) => number[] | null;
  /** Positions of words in `args` that must not be shown (MONITOR, SLOWLOG): passwords and user names. */
  readonly secrets?: (args: readonly string[]) => readonly number[];
  readonly tips?: readonly string[];
  readonly since: string;
  readonly group: string;
  readonly summary: string;
  /** As COMMAND DOCS lists them. */
  readonly arguments?: readonly ArgumentDoc[];
  readonly complexity?: string;
  readonly deprecatedSince?: string;
  readonly replacedBy?: string;
  readonly subcommands?: readonly SpecOf<Context>[];
  readonly run?: HandlerOf<Context>;
}

/** A command in the table: its specification and precomputed facts for the gates. */
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
  readonly stale: boolean;
  /**
   * The effects are propagated one by one, not as a transaction: expired keys that SCAN and RANDOMKEY delete, keys of slots
   * that CLUSTER commands give away.
   */
  readonly scattersEffects: boolean;
  /** Not shown by MONITOR. */
  readonly hidden: boolean;
  /** Index of the only key, 0 when there is none or more than one; used by the fast path of routing. */
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
    this.stale = flag('stale');
    this.scattersEffects = this.fullName === 'scan' || this.fullName === 'randomkey' || this.fullName.startsWith('cluster|');
    this.hidden = flag('skip_monitor') || flag('admin');
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

/** Keys from `index` to `last` (relative to it; negative: from the end of the arguments). */
export const keysAt = range;
/** One key at `index`. */
export const keyAt = (index: number, ...flags: string[]): KeySpec => range(flags, index, 0, 1);
