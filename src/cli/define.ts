// What a subcommand is made of. One object says everything; parsing, help, --json, --dry-run, --yes and exit codes are
// derived from it (program.ts). The list of subcommands is commands/index.ts, handed in by bin/.
import type { PauseSwitch } from '../apply/mover/pause-switch.js';
import type { Io } from '../ui/io.js';
import type { ConnectionSettings } from './connection-settings.js';
import type { Seed } from './address.js';
import type { OptionTable, OptionValues } from './options.js';

/** What every command gets from the options that all commands have. */
export interface StandardValues {
  /** For `mutates` commands: show the plan, change nothing. */
  readonly dryRun: boolean;
  /** For `mutates` commands: don't ask. */
  readonly yes: boolean;
  readonly verbose: boolean;
}

export interface CommandContext {
  readonly io: Io;
  /** Aborted by the first Ctrl-C or SIGTERM. */
  readonly signal: AbortSignal;
  /** Thrown by SIGUSR2: moves of slots rest. */
  readonly pause: PauseSwitch | undefined;
  /** Directory the user stands in; paths on the command line are relative to it. */
  readonly cwd: string;
  /** Whether the line came as `--cluster COMMAND …`: then what redis-cli lets pass is let pass. */
  readonly legacy: boolean;
  /** Those of these options that stood on the line, for a command that goes on: ` --max-rate 5MB --user admin`. */
  again(table: OptionTable): string;
  /** The list of all subcommands, for completion. */
  readonly commands: readonly CommandEntry[];
  /** Credentials, TLS and timeouts from flags, environment and config files, and what the seed's URL said. May ask for a password. */
  connection(seed?: Seed): Promise<ConnectionSettings>;
  /** Asks for the predecessors' `yes`, unless `--yes` was given. Rejects with DECLINED (exit 4), or NOT_A_TERMINAL (exit 2). */
  confirm(question: string): Promise<void>;
}

/** Positional words → arguments. */
export interface Arguments<A> {
  /** As shown in help, e.g. `HOST:PORT`. */
  readonly usage: string;
  /** Throws TribError with exit code 2. `fallbackSeed`: from environment or config, when no word gives one. */
  parse(words: readonly string[], fallbackSeed: string | undefined): A;
}

export interface CommandSpec<A, O extends OptionTable, R> {
  readonly args: Arguments<A>;
  readonly options: O;
  readonly examples: readonly string[];
  /** A paragraph or two under the usage line. */
  readonly description?: string;
  /** Adds --yes and --dry-run. */
  readonly mutates?: boolean;
  /** Adds credentials, TLS and timeouts. */
  readonly connects?: boolean;
  /** After this many words everything belongs to the command verbatim, except long options it knows (`call`). */
  readonly verbatimAfter?: number;
  run(input: { readonly args: A; readonly options: OptionValues<O> & StandardValues }, context: CommandContext): Promise<R>;
  /** Text for a person or the predecessors' lines, as io.mode says. Not called with --json: that prints `toJson(result)`. */
  render(result: R, context: CommandContext): void | Promise<void>;
  /** What --json prints, beside `schema`; the result itself when absent. */
  toJson?(result: R): object | Promise<object>;
  /** 0 when absent. */
  exitCode?(result: R): number;
}

/** A subcommand with its types folded away, so that all fit one list. */
export interface Command {
  readonly usage: string;
  readonly options: OptionTable;
  readonly examples: readonly string[];
  readonly description: string | undefined;
  readonly mutates: boolean;
  readonly connects: boolean;
  readonly verbatimAfter: number | undefined;
  /** Parses the words, runs, shows. Returns the exit code. */
  execute(words: readonly string[], options: Readonly<Record<string, unknown>>, fallbackSeed: string | undefined, context: CommandContext): Promise<number>;
}

/** One line of the list: what help shows, and where the rest is loaded from when it is needed. */
export interface CommandEntry {
  readonly name: string;
  readonly summary: string;
  /** Positional words, for the list in help. */
  load(): Promise<{ readonly default: Command }>;
}

/** Version of the documents that --json prints. A field may be added; a change of meaning counts it up. */
export const JSON_SCHEMA = 1;

/** Binds a spec's types together. The silhouette of every file in commands/. */
export function defineCommand<A, const O extends OptionTable, R>(spec: CommandSpec<A, O, R>): Command {
  return {
    usage: spec.args.usage,
    options: spec.options,
    examples: spec.examples,
    description: spec.description,
    mutates: spec.mutates === true,
    connects: spec.connects === true,
    verbatimAfter: spec.verbatimAfter,
    async execute(words, options, fallbackSeed, context) {
      const args = spec.args.parse(words, fallbackSeed);
      const result = await spec.run({ args, options: options as OptionValues<O> & StandardValues }, context);
      if (context.io.mode !== 'json') await spec.render(result, context);
      else context.io.out(JSON.stringify({ schema: JSON_SCHEMA, ...((await spec.toJson?.(result)) ?? (result as object)) }, null, 2));
      return spec.exitCode?.(result) ?? 0;
    },
  };
}
