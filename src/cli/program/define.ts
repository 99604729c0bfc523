// The definition of a subcommand. One object from which parsing, help, --json, --dry-run, --yes and exit codes are derived
// (program.ts). The list of subcommands is commands/index.ts, passed in by bin/.
import type { PauseSwitch } from '../../apply/mover/pacing/pause-switch.js';
import type { Io } from '../../ui/io.js';
import type { ConnectionSettings } from '../config/connection-settings.js';
import type { SeedAddresses } from '../options/address.js';
import type { OptionTable, OptionValues } from '../options/options.js';

/** The values of the options that all commands have. */
export interface StandardValues {
  /** For `mutates` commands: show the plan, change nothing. */
  readonly dryRun: boolean;
  /** For `mutates` commands: do not ask. */
  readonly yes: boolean;
  readonly verbose: boolean;
}

export interface SubcommandContext {
  readonly io: Io;
  /** Aborted by the first Ctrl-C or SIGTERM. */
  readonly signal: AbortSignal;
  /** Toggled by SIGUSR2: pauses moves of slots. */
  readonly pause: PauseSwitch | undefined;
  /** The process runs nothing else, so its CPU priority may be lowered. */
  readonly ownProcess: boolean;
  /** The current directory; paths on the command line are relative to it. */
  readonly cwd: string;
  /** The line was given as `--cluster COMMAND …`: accept everything that redis-cli accepts there. */
  readonly legacy: boolean;
  /** The name the program was called by. */
  readonly calledAs: string;
  /**
   * The options of the table that were on the command line, to repeat in a continuing command: ` --max-rate 5MB --user admin`.
   */
  again(table: OptionTable): string;
  /**
   * Whether connections log in or present a certificate. Such connections must not go to a server that only another person's
   * file names.
   */
  readonly carriesSecrets: boolean;
  /** Words of the line that name nodes, including values of options. */
  readonly nodeWords: readonly string[];
  /** The list of all subcommands, for completion. */
  readonly commands: readonly CommandEntry[];
  /** Credentials, TLS and timeouts from flags, environment, config files and the seed's URL. May ask for a password. */
  connection(seed?: SeedAddresses): Promise<ConnectionSettings>;
  /**
   * Asks for the predecessors' `yes`, unless `--yes` was given. Rejects with DECLINED (exit 4), NO_ANSWER or NOT_A_TERMINAL
   * (exit 2).
   */
  confirm(question: string): Promise<void>;
}

/** Positional words, parsed. */
export interface Arguments<A> {
  /** As shown in help, e.g. `HOST:PORT`. */
  readonly usage: string;
  /** The words permitted in the first place, when there are too many of them for `usage`. */
  readonly actions?: readonly string[];
  /** Throws TribError with exit code 2. `fallbackSeed`: from environment or config, when no word gives one. */
  parse(words: readonly string[], fallbackSeed: string | undefined): A;
}

export interface SubcommandSpec<A, O extends OptionTable, R> {
  readonly args: Arguments<A>;
  readonly options: O;
  readonly examples: readonly string[];
  /** One or two paragraphs below the usage line. */
  readonly description?: string;
  /** Adds --yes and --dry-run. */
  readonly mutates?: boolean;
  /** Adds credentials, TLS and timeouts. */
  readonly connects?: boolean;
  /** Read-only command that reports unreachable nodes: gives up on a node within about three seconds. */
  readonly quick?: boolean;
  /** After this many words everything belongs to the command verbatim, except long options it knows (`call`). */
  readonly verbatimAfter?: number;
  run(input: { readonly args: A; readonly options: OptionValues<O> & StandardValues }, context: SubcommandContext): Promise<R>;
  /** Prints text or the predecessors' lines, by io.mode. Not called with --json, which prints `toJson(result)`. */
  render(result: R, context: SubcommandContext): void | Promise<void>;
  /** What --json prints besides `schema`; default: the result itself. */
  toJson?(result: R): object | Promise<object>;
  /** Default: 0. */
  exitCode?(result: R): number;
}

/** A subcommand without its type parameters, so that all fit one list. */
export interface Subcommand {
  readonly usage: string;
  readonly actions: readonly string[] | undefined;
  readonly options: OptionTable;
  readonly examples: readonly string[];
  readonly description: string | undefined;
  readonly mutates: boolean;
  readonly connects: boolean;
  readonly quick: boolean;
  readonly verbatimAfter: number | undefined;
  /** Parses the words, runs, renders. Returns the exit code. */
  execute(words: readonly string[], options: Readonly<Record<string, unknown>>, fallbackSeed: string | undefined, context: SubcommandContext): Promise<number>;
}

/** One line of the list: the text in help, and the loader of the rest. */
export interface CommandEntry {
  readonly name: string;
  readonly summary: string;
  /** Imports the module of the command. */
  load(): Promise<{ readonly default: Subcommand }>;
}

/** Binds the types of a spec together. Every file in commands/ exports its result. */
export function defineCommand<A, const O extends OptionTable, R>(spec: SubcommandSpec<A, O, R>): Subcommand {
  return {
    usage: spec.args.usage,
    actions: spec.args.actions,
    options: spec.options,
    examples: spec.examples,
    description: spec.description,
    mutates: spec.mutates === true,
    connects: spec.connects === true,
    quick: spec.quick === true,
    verbatimAfter: spec.verbatimAfter,
    async execute(words, options, fallbackSeed, context) {
      const args = spec.args.parse(words, fallbackSeed);
      const result = await spec.run({ args, options: options as OptionValues<O> & StandardValues }, context);
      if (context.io.mode !== 'json') await spec.render(result, context);
      else context.io.out(JSON.stringify((await import('./schema.js')).jsonDocument((await spec.toJson?.(result)) ?? (result as object)), null, 2));
      return spec.exitCode?.(result) ?? 0;
    },
  };
}
