// The way of one command line: invocation → subcommand → values → context → run → exit code. Takes everything it touches
// as arguments, so tests run it in process. Not here: the process (main.ts), parsing (argv.ts, parse.ts).
import type { PauseSwitch } from '../apply/mover/pause-switch.js';
import { ExitCode, TribError } from '../errors.js';
import type { Io } from '../ui/io.js';
import { createIo } from '../ui/io.js';
import type { Streams } from '../ui/streams.js';
import type { Environment, TerminalFlags } from '../ui/terminal.js';
import { OptionIndex, readInvocation, type Invocation } from './argv.js';
import { loadConfig, type Config, type ConfigFile } from './config.js';
import type { ConnectionValues } from './connection-settings.js';
import { JSON_SCHEMA, type CommandContext, type CommandEntry, type StandardValues } from './define.js';
import { describeFailure, reportFailure } from './failure.js';
import { overview } from './help.js';
import type { NodeEntries } from './node-entries.js';
import { usageError } from './options.js';
import { connectionOptions, lineOptions, mutationOptions, stdinOptions, terminalOptions } from './shared-options.js';
import { typedAgain, type Typed } from './typed-again.js';

/** What a run of the program touches. */
export interface Host {
  readonly argv: readonly string[];
  /** The name the program was called by: `redis-trib.rb` wants that one's lines. */
  readonly calledAs?: string;
  readonly streams: Streams;
  readonly env: Environment;
  readonly cwd: string;
  readonly signal: AbortSignal;
  /** Lets moves of slots rest. */
  readonly pause?: PauseSwitch;
  /** Version of this package, for --version. */
  readonly version: string;
  /** Told which io is in use, so that signals can be answered in its manner. */
  readonly onIo?: (io: Io) => void;
}

/** What may stand before the subcommand. */
const sharedIndex = new OptionIndex({ ...terminalOptions, ...lineOptions, ...connectionOptions, ...mutationOptions, ...stdinOptions });

/** What stands last on the line for a shared option, in any of its spellings. */
function typedValue(words: readonly string[], key: string): string | undefined {
  const at = words.findLastIndex((word) => sharedIndex.find(word)?.key === key);
  return sharedIndex.find(words[at] ?? '')?.value ?? (at < 0 ? undefined : words[at + 1]);
}

/** The choice that flag, environment or config name, by the words it may be; undefined when none does, or nonsense. */
function chosen<const W extends string>(choices: readonly W[], ...named: readonly (string | undefined)[]): W | undefined {
  const word = named.find((one) => one !== undefined && one !== '')?.toLowerCase();
  return choices.find((choice) => choice === word);
}

/** What stands before a `--`. */
function ownWords(argv: readonly string[]): readonly string[] {
  const end = argv.indexOf('--');
  return end < 0 ? argv : argv.slice(0, end);
}

/** Prints what was asked about the program itself: a text, also where environment or config want documents, unless this line says --json. */
function say(field: 'help' | 'version', text: string, { argv }: Host, io: Io): number {
  const words = ownWords(argv);
  const json = words.includes('--json') || typedValue(words, 'output') === 'json';
  io.out(json ? JSON.stringify({ schema: JSON_SCHEMA, [field]: text }, null, 2) : text);
  return ExitCode.ok;
}

/** Terminal flags as they stand on the command line: needed before anything is parsed, to complain in the right manner. */
function terminalFlags({ argv, env, calledAs }: Host, config: ConfigFile): TerminalFlags {
  const words = ownWords(argv);
  return {
    output: words.includes('--json') ? 'json' : chosen(['table', 'plain', 'json'], typedValue(words, 'output'), env['REDIS_TRIB_OUTPUT'], config['output']),
    lines: chosen(['redis-cli', 'redis-trib.rb'], typedValue(words, 'lines'), env['REDIS_TRIB_LINES'], config['lines'], calledAs),
    color: words.includes('--no-color') ? false : undefined,
    input: words.includes('--no-input') ? false : undefined,
    quiet: words.includes('--quiet') || words.includes('-q'),
  };
}

async function findEntry(name: string, entries: readonly CommandEntry[]): Promise<CommandEntry> {
  const entry = entries.find((one) => one.name === name);
  if (entry !== undefined) return entry;
  const { nearest } = await import('./suggest.js');
  const near = nearest(name, entries.map((one) => one.name));
  throw usageError(`Unknown subcommand '${name}'`, near === undefined ? 'redis-trib help lists the commands' : `did you mean: redis-trib ${near}?`);
}

async function showHelp(topic: string | undefined, host: Host, entries: readonly CommandEntry[], io: Io): Promise<number> {
  if (topic === undefined || topic.startsWith('-')) return say('help', overview(entries, io.style), host, io);
  return runCommand({ kind: 'command', name: topic.toLowerCase(), words: ['--help'], legacy: false }, host, entries, io, { settings: {}, nodes: new Map() });
}

/** What is wrong with a command line always comes with where to look it up. */
function withHelp(error: unknown, name: string): unknown {
  if (!(error instanceof TribError) || error.code !== 'USAGE' || error.hint !== undefined) return error;
  return usageError(error.message, `redis-trib help ${name}`);
}

async function runCommand(
  invocation: Extract<Invocation, { kind: 'command' }>,
  host: Host,
  entries: readonly CommandEntry[],
  io: Io,
  config: Config,
): Promise<number> {
  const entry = await findEntry(invocation.name, entries);
  const [{ default: command }, { parseLine }] = await Promise.all([entry.load(), import('./parse.js')]);
  const { name, summary } = entry;
  const { legacy, words: argv } = invocation;
  const rejected = (error: unknown): never => {
    throw withHelp(error, name);
  };
  const line = await parseLine({ name, summary, command, argv, legacy, env: host.env, config: config.settings, style: io.style }).catch(rejected);
  if ('help' in line) return say('help', line.help, host, io);
  const context = createContext(host, entries, io, { values: line.values as unknown as StandardValues & ConnectionValues, typed: line.typed, nodes: config.nodes, legacy });
  const seed = host.env['REDIS_TRIB_SEED'] ?? config.settings['seed'];
  return command.execute(line.words, line.values, seed, context).catch(rejected);
}

/** What a context takes from the command line and the config files. */
interface Given {
  readonly values: StandardValues & ConnectionValues;
  readonly typed: Typed;
  readonly nodes: NodeEntries;
  readonly legacy: boolean;
}

function createContext(host: Host, entries: readonly CommandEntry[], io: Io, { values, typed, nodes, legacy }: Given): CommandContext {
  const { signal, pause, cwd } = host;
  return {
    io,
    signal,
    pause,
    cwd,
    legacy,
    commands: entries,
    again: (table) => typedAgain(typed, table),
    async connection(seed) {
      const { resolveConnection } = await import('./connection-settings.js');
      return resolveConnection({ values, io, cwd, signal, passwordTyped: typed.has('password') || typed.has('uri'), nodes }, seed);
    },
    async confirm(question) {
      if (!values.yes) await (await io.prompts(signal)).confirm(question, '--yes');
    },
  };
}

/** Waits for what was written. What stdout did not take makes a run fail that went well, as its result is lost. */
async function settle(io: Io, code: number): Promise<number> {
  await io.flush();
  if (io.outFailure === undefined) return code;
  io.error(`${io.errStyle.bad('error:')} cannot write the result: ${io.outFailure.message}`);
  await io.flush();
  return code === ExitCode.ok ? ExitCode.failed : code;
}

/** Runs one command line. Never throws: every failure is reported and becomes the exit code. */
export async function runProgram(host: Host, entries: readonly CommandEntry[]): Promise<number> {
  let io = await createIo(host.streams, host.env, terminalFlags(host, {}));
  const use = (current: Io): void => {
    io = current;
    host.onIo?.(current);
  };
  use(io);
  const code = await runInvocation(host, entries, io, use);
  return settle(io, code);
}

/** `use`: told when the config files want another io. */
async function runInvocation(host: Host, entries: readonly CommandEntry[], first: Io, use: (io: Io) => void): Promise<number> {
  const debug = host.argv.includes('--debug');
  let io = first;
  try {
    const invocation = readInvocation(host.argv, sharedIndex);
    if (invocation.kind === 'version') return say('version', host.version, host, io);
    if (invocation.kind === 'help') return await showHelp(invocation.topic, host, entries, io);
    const config = loadConfig(host.cwd, host.env, [terminalOptions, lineOptions, connectionOptions]);
    if (config.settings['output'] !== undefined || config.settings['lines'] !== undefined) {
      io = await createIo(host.streams, host.env, terminalFlags(host, config.settings));
      use(io);
    }
    return await runCommand(invocation, host, entries, io, config);
  } catch (error) {
    const failure = describeFailure(error, host.signal);
    reportFailure(io, failure, error, debug);
    return failure.exitCode;
  }
}
