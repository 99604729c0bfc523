// Runs one command line: invocation → subcommand → values → context → run → exit code. Gets all its dependencies as arguments,
// so that tests run it in process. Not here: the process (main.ts), parsing (program/argv.ts, program/parse.ts).
import { ExitCode, TribError } from '../errors.js';
import type { Io } from '../ui/io.js';
import { createIo } from '../ui/io.js';
import type { Environment, TerminalFlags } from '../ui/terminal.js';
import { OptionIndex, readInvocation, type Invocation } from './program/argv.js';
import { loadConfig, merged, type CliConfig, type ConfigSettings, type ConfigFiles } from './config/config.js';
import type { ConnectionValues } from './config/connection-settings.js';
import type { Subcommand, SubcommandContext, CommandEntry, StandardValues } from './program/define.js';
import { jsonDocument } from './program/schema.js';
import { describeFailure, reportFailure } from './program/failure.js';
import { overview } from './program/help.js';
import type { Host } from './program/host.js';
import type { NodeEntries } from './config/node-entries.js';
import { usageError } from './options/options.js';
import { connectionOptions, lineOptions, mutationOptions, stdinOptions, terminalOptions } from './options/shared-options.js';
import { resumeFlags, type Typed } from './program/resume-flags.js';

/** The options that may stand before the subcommand. */
const sharedIndex = new OptionIndex({ ...terminalOptions, ...lineOptions, ...connectionOptions, ...mutationOptions, ...stdinOptions });

/** The last value on the line of a shared option, in any of its spellings. */
function typedValue(words: readonly string[], key: string): string | undefined {
  const at = words.findLastIndex((word) => sharedIndex.find(word)?.key === key);
  return sharedIndex.find(words[at] ?? '')?.value ?? (at < 0 ? undefined : words[at + 1]);
}

/** The choice given by flag, environment or config; undefined when none gives a valid one. */
function chosen<const W extends string>(choices: readonly W[], ...named: readonly (string | undefined)[]): W | undefined {
  const word = named.find((one) => one !== undefined && one !== '')?.toLowerCase();
  return choices.find((choice) => choice === word);
}

/** The words before `--`. */
function ownWords(argv: readonly string[]): readonly string[] {
  const end = argv.indexOf('--');
  return end < 0 ? argv : argv.slice(0, end);
}

/** Prints help or the version as text, also when environment or config select JSON, unless this line has --json. */
function say(field: 'help' | 'version', text: string, { argv }: Host, io: Io): number {
  const words = ownWords(argv);
  const json = words.includes('--json') || typedValue(words, 'output') === 'json';
  io.out(json ? JSON.stringify(jsonDocument({ [field]: text }), null, 2) : text);
  return ExitCode.ok;
}

/** Terminal flags of the command line, needed before parsing so that usage errors are printed in the right format. */
function terminalFlags({ argv, env, calledAs }: Host, config: ConfigSettings): TerminalFlags {
  const words = ownWords(argv);
  return {
    output: words.includes('--json') ? 'json' : chosen(['table', 'plain', 'json'], typedValue(words, 'output'), env['REDIS_TRIB_OUTPUT'], config['output']),
    lines: chosen(['redis-cli', 'redis-trib.rb'], typedValue(words, 'lines'), env['REDIS_TRIB_LINES'], config['lines'], calledAs),
    color: words.includes('--no-color') ? false : undefined,
    input: words.includes('--no-input') ? false : undefined,
    quiet: words.includes('--quiet') || words.includes('-q'),
    predecessor: words.includes('--cluster') || calledAs === 'redis-trib.rb',
  };
}

async function findEntry(name: string, entries: readonly CommandEntry[]): Promise<CommandEntry> {
  const entry = entries.find((one) => one.name === name);
  if (entry !== undefined) return entry;
  const { nearest } = await import('./program/suggest.js');
  const near = nearest(name, entries.map((one) => one.name));
  throw usageError(`Unknown subcommand '${name}'`, near === undefined ? 'redis-trib help lists the commands' : `did you mean: redis-trib ${near}?`);
}

async function showHelp(topic: string | undefined, host: Host, entries: readonly CommandEntry[], io: Io): Promise<number> {
  if (topic === undefined || topic.startsWith('-')) return say('help', overview(entries, io.style), host, io);
  if (topic.toLowerCase() === 'environment') return say('help', await (await import('./program/environment.js')).environmentText(entries, io.style), host, io);
  return runCommand({ kind: 'command', name: topic.toLowerCase(), words: ['--help'], legacy: false }, host, entries, io, { own: { settings: {}, nodes: new Map() }, project: undefined });
}

/** Adds the help command to a usage error. */
function withHelp(error: unknown, name: string): unknown {
  if (!(error instanceof TribError) || error.code !== 'USAGE' || error.hint !== undefined) return error;
  return usageError(error.message, `redis-trib help ${name}`);
}

/** The config settings for this command; asks before connection settings of the current folder are used. */
async function settings(command: Subcommand, argv: readonly string[], { own, project }: ConfigFiles, host: Host, io: Io): Promise<CliConfig> {
  if (project === undefined) return own;
  const { admitProject, harmless } = await import('./config/project-settings.js');
  const words = ownWords(argv);
  if (!command.connects || words.includes('--help') || words.includes('-h')) return merged(own, harmless(project.config));
  const choice = chosen(['use', 'ignore'], typedValue(words, 'projectSettings'), host.env['REDIS_TRIB_PROJECT_SETTINGS']);
  return admitProject({ own, project }, choice, io, host.signal);
}

async function runCommand(
  invocation: Extract<Invocation, { kind: 'command' }>,
  host: Host,
  entries: readonly CommandEntry[],
  io: Io,
  files: ConfigFiles,
): Promise<number> {
  const entry = await findEntry(invocation.name, entries);
  const [{ default: command }, { parseLine }] = await Promise.all([entry.load(), import('./program/parse.js')]);
  const { name, summary } = entry;
  const { legacy, words: argv } = invocation;
  const rejected = (error: unknown): never => {
    throw withHelp(error, name);
  };
  const config = await settings(command, argv, files, host, io);
  const line = await parseLine({ name, summary, command, argv, legacy, env: host.env, config: config.settings, style: io.style }).catch(rejected);
  if ('help' in line) return say('help', line.help, host, io);
  const context = createContext(host, entries, io, { values: line.values as unknown as StandardValues & ConnectionValues, typed: line.typed, nodes: config.nodes, legacy, nodeWords: nodeWords(command, line.words, line.typed) });
  const seed = host.env['REDIS_TRIB_SEED'] ?? config.settings['seed'];
  return command.execute(line.words, line.values, seed, context).catch(rejected);
}

/** What a context takes from the command line and the config files. */
interface Given {
  readonly values: StandardValues & ConnectionValues;
  readonly typed: Typed;
  readonly nodes: NodeEntries;
  readonly legacy: boolean;
  readonly nodeWords: readonly string[];
}

/**
 * The words that name nodes by position or option. Other words may be keys, commands or passwords, which must not reach a
 * resolver.
 */
function nodeWords({ usage, options }: Subcommand, words: readonly string[], typed: Typed): readonly string[] {
  const values = [...typed].flatMap(([key, texts]) => (/NODE|^IDS?$|MASTER/.test(options[key]?.placeholder ?? '') ? texts : []));
  return [...(usage.includes('NODE') ? words : []), ...values];
}

/** Whether a server would receive credentials from this line. */
function carriesSecrets({ password, passwordFile, askpass, uri, cert }: ConnectionValues, nodes: NodeEntries, env: Environment): boolean {
  const given = [password, passwordFile, uri, cert, ...(connectionOptions.password.lastEnv ?? []).map((name) => env[name])];
  return askpass || nodes.size > 0 || given.some((one) => one !== undefined && one !== '');
}

function createContext(host: Host, entries: readonly CommandEntry[], io: Io, { values, typed, nodes, legacy, nodeWords }: Given): SubcommandContext {
  const { signal, pause, ownProcess = false, cwd } = host;
  return {
    io,
    signal,
    pause,
    ownProcess,
    cwd,
    legacy,
    nodeWords,
    calledAs: host.calledAs ?? '',
    commands: entries,
    again: (table) => resumeFlags(typed, table),
    get carriesSecrets() {
      return carriesSecrets(values, nodes, io.env);
    },
    async connection(seed) {
      const { resolveConnection } = await import('./config/connection-settings.js');
      return resolveConnection({ values, io, cwd, signal, passwordTyped: typed.has('password') || typed.has('uri'), nodes }, seed);
    },
    async confirm(question) {
      if (!values.yes) await (await io.prompts(signal)).confirm(question, '--yes');
    },
  };
}

/** Waits until the output is written. A failed write to stdout makes a successful run fail, because its result is lost. */
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

/** The first word of a request for node candidates by a shell's completion (completion/). */
const CANDIDATES = '__nodes';

async function offerNodes(host: Host, entries: readonly CommandEntry[], io: Io): Promise<number> {
  const { nodeCandidates } = await import('./completion/node-candidates.js');
  for (const line of await nodeCandidates(host.argv.slice(1), host, entries, sharedIndex)) io.out(line);
  return ExitCode.ok;
}

/** `use`: called when the config files select another io. */
async function runInvocation(host: Host, entries: readonly CommandEntry[], first: Io, use: (io: Io) => void): Promise<number> {
  const debug = host.argv.includes('--debug');
  let io = first;
  if (host.argv[0] === CANDIDATES) return offerNodes(host, entries, io);
  try {
    const invocation = readInvocation(host.argv, sharedIndex);
    if (invocation.kind === 'version') return say('version', host.version, host, io);
    if (invocation.kind === 'help') return await showHelp(invocation.topic, host, entries, io);
    const files = loadConfig(host.cwd, host.env, [terminalOptions, lineOptions, connectionOptions]);
    const { settings } = merged(files.own, files.project?.config);
    if (settings['output'] !== undefined || settings['lines'] !== undefined) {
      io = await createIo(host.streams, host.env, terminalFlags(host, settings));
      use(io);
    }
    return await runCommand(invocation, host, entries, io, files);
  } catch (error) {
    const failure = describeFailure(error, host.signal);
    reportFailure(io, failure, error, debug);
    return failure.exitCode;
  }
}
