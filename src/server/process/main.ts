// The program redis-trib-server: reads its arguments and configuration, chooses where the node runs (here, in a thread with a
// larger heap, or in a daemon), and is the only place in src/server that ends the process.
import { readFileSync } from 'node:fs';
import type { Config } from '../config/config.js';
import type { ConfigSources } from '../config/conf-file.js';
import { ConfigFileError, ConfigFileMissing, loadConfig } from '../config/conf-file.js';
import { pathOf } from '../config/paths.js';
import { startRefusals } from '../config/unsupported.js';
import { systemClock } from '../runtime/clock.js';
import { formatLogLine } from '../runtime/log.js';
import { REDIS_VERSION } from '../runtime/version.js';
import { parseCommandLine } from './command-line.js';
import { daemonParent, startDaemon } from './daemon.js';
import { heapTooSmall, wantedHeap } from './heap.js';
import { HELP } from './help-text.js';
import type { LogSink } from './log-sink.js';
import { checkLogFile, fileSink, noSink, stdoutSink } from './log-sink.js';
import type { ProcessHost, StopSignal } from './start.js';

const VERSION = `Redis server v=${REDIS_VERSION} sha=00000000:0 malloc=v8-${process.versions.v8} bits=64 build=redis-trib-server`;

/** Runs the program with the arguments after its name. Ends the process with 0, or with 1 when the node could not run. */
export async function main(argv: readonly string[]): Promise<void> {
  const command = parseCommandLine(argv);
  if (command.action !== 'run') return say(command.action === 'help' ? HELP : VERSION);
  const daemon = daemonParent();
  const sources: ConfigSources = daemon
    ? await daemon.sources
    : { file: command.file, input: command.readsInput ? readFileSync(0, 'latin1') : null, options: command.options };
  const config = load(sources);
  if (config === null) return exit(1);
  if (config.flag('daemonize') && daemon === null) return exit(await startDaemon(sources, wantedHeap(config)));
  const write = sink(config, daemon !== null);
  const failure = await run(config, sources, { pid: process.pid, write, ready: () => daemon?.ready(), ...stopSignals() });
  if (failure !== null) await daemon?.failed(failure);
  exit(failure === null ? 0 : 1);
}

/** The configuration, or null after printing its errors. */
function load(sources: ConfigSources): Config | null {
  try {
    const config = loadConfig(sources);
    if (config.flag('daemonize') && config.text('pidfile') === '') config.resolve('pidfile', '/var/run/redis.pid');
    const logFile = config.text('logfile') === '' ? null : checkLogFile(pathOf(config, 'logfile'));
    if (logFile !== null) return refuse(`\n*** FATAL CONFIG FILE ERROR (Redis ${REDIS_VERSION}) ***\nCan't open the log file: ${logFile}\n`);
    const reasons = startRefusals(config);
    if (reasons.length > 0) return refuse(`\n*** FATAL CONFIG FILE ERROR (Redis ${REDIS_VERSION}) ***\n${reasons.join('\n')}\n`);
    return config;
  } catch (error) {
    if (error instanceof ConfigFileError) return refuse(error.message);
    if (error instanceof ConfigFileMissing) {
      stdoutSink(formatLogLine('warning', error.message, process.pid, 'C', new Date(systemClock.now())));
      return null;
    }
    throw error;
  }
}

function refuse(text: string): null {
  process.stderr.write(text);
  return null;
}

const sink = (config: Config, daemon: boolean): LogSink => {
  if (config.text('logfile') !== '') return fileSink(pathOf(config, 'logfile'));
  return daemon ? noSink : stdoutSink;
};

/** Runs the node: null after a regular end, else why it failed. */
async function run(config: Config, sources: ConfigSources, host: ProcessHost): Promise<string | null> {
  const wanted = wantedHeap(config);
  title(config);
  // Only one of the two is loaded: the node's code takes most of the start-up time.
  if (heapTooSmall(wanted)) return (await import('./thread.js')).runInThread({ sources, wanted, host });
  const { NodeFailed, runNode } = await import('./start.js');
  let serving = false;
  process.on('uncaughtException', (error) => {
    if (serving) return; // The node logs it and continues.
    host.write(formatLogLine('warning', `Crashed: ${error.stack ?? error.message}`, host.pid, 'M', new Date(systemClock.now())));
    exit(1);
  });
  try {
    await runNode(config, { ...host, ready: () => {
      serving = true;
      host.ready();
    } });
    return null;
  } catch (error) {
    if (error instanceof NodeFailed) return error.message;
    throw error;
  }
}

/** The process title. */
function title(config: Config): void {
  if (!config.flag('set-proc-title')) return;
  const address = config.text('bind').split(' ')[0]!.replace(/^-/, '') || '*';
  const port = config.text('port');
  const mode = config.flag('cluster-enabled') ? '[cluster]' : '';
  const values: Readonly<Record<string, string>> = {
    title: 'redis-trib-server', 'listen-addr': `${address}:${port}`, 'server-mode': mode,
    port, 'tls-port': config.text('tls-port'), unixsocket: config.text('unixsocket'), 'config-file': config.file ?? '',
  };
  process.title = config.text('proc-title-template').replace(/\{([^{}]*)\}/g, (_, name: string) => values[name] ?? '').trimEnd();
}

/**
 * The first SIGTERM or SIGINT requests a shutdown. A SIGINT during that shutdown exits at once with code 1, as in redis-server;
 * after a refused shutdown it requests another one, because data may be only in memory.
 */
function stopSignals(): Pick<ProcessHost, 'onStop' | 'continues'> {
  let asked = false;
  const onStop: ProcessHost['onStop'] = (listener) => {
    const onSignal = (signal: StopSignal): void => {
      if (asked && signal === 'SIGINT') exit(1);
      asked = true;
      listener(signal);
    };
    process.on('SIGTERM', onSignal);
    process.on('SIGINT', onSignal);
    // A closed terminal does not stop a server.
    process.on('SIGHUP', () => {});
  };
  return { onStop, continues: () => void (asked = false) };
}

function say(text: string): void {
  process.stdout.write(`${text}\n`);
}

function exit(code: number): never {
  process.exit(code);
}
