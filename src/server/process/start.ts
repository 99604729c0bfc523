// Starts a node with Redis's log lines and reports how it ended. Runs in the main thread and in a worker thread: the PID, output
// and signals of the process come from ProcessHost; uncaught exceptions are those of its own thread. The caller exits.
import { rmSync, writeFileSync } from 'node:fs';
import { TribError, messageOf } from '../../errors.js';
import { pathOf } from '../config/paths.js';
import type { Config } from '../config/config.js';
import { startNotes } from '../config/unsupported.js';
import { createLogger } from '../runtime/log.js';
import type { LogLevel, Logger } from '../runtime/log.js';
import { shutdownOptions } from '../exec/orderly-shutdown.js';
import { startNode } from '../node.js';
import type { Node } from '../node.js';
import { systemClock } from '../runtime/clock.js';
import { REDIS_VERSION } from '../runtime/version.js';
import type { LogSink } from './log-sink.js';
import { systemReason } from './log-sink.js';

export type StopSignal = 'SIGTERM' | 'SIGINT';

export interface ProcessHost {
  readonly pid: number;
  readonly write: LogSink;
  /** Calls back for every signal that requests a shutdown. */
  onStop(listener: (signal: StopSignal) => void): void;
  /** The node keeps running: it refused the shutdown, or the shutdown was aborted. */
  continues(): void;
  /** The node serves from now on. */
  ready(): void;
}

/**
 * Why the node failed: it cannot listen, it cannot load its data or configuration, or it stopped by itself with a failure. The
 * node has logged it; `message` is the last line, for a waiting parent.
 */
export class NodeFailed extends Error {}

/**
 * Runs a node until a signal or SHUTDOWN stops it.
 * @throws NodeFailed when it cannot start, or stops with a failure
 */
export async function runNode(config: Config, host: ProcessHost): Promise<void> {
  let role = 'C';
  const log = createLogger({
    clock: systemClock,
    level: () => config.text('loglevel') as LogLevel,
    write: host.write,
    pid: host.pid,
    role: () => role,
  });
  announce(config, host, log);
  role = 'M';
  const node = await listening(config, log);
  // An uncaught exception is logged and the node continues: ending the process would lose the data in memory.
  process.on('uncaughtException', (error) => node.fault('event', error));
  host.onStop((signal) => void stop(node, host, log, signal));
  const pidFile = writePidFile(config, host, log);
  showMode(config, host, log, node.port);
  log.warning('Server initialized');
  for (const { level, text } of startNotes(config)) log[level](text);
  log.notice('Ready to accept connections');
  host.ready();
  await node.closed;
  if (pidFile !== null) {
    log.notice('Removing the pid file.');
    rmSync(pidFile, { force: true });
  }
  if (node.failure !== null) throw new NodeFailed(node.failure);
  log.warning('Redis is now ready to exit, bye bye...');
}

function announce(config: Config, host: ProcessHost, log: Logger): void {
  log.warning('oO0OoO0OoO0Oo redis-trib-server is starting oO0OoO0OoO0Oo');
  log.warning(`Redis version=${REDIS_VERSION}, bits=64, commit=00000000, modified=0, pid=${host.pid}, just started`);
  const given = config.file !== null || [...config.entries()].some((entry) => entry.given);
  log.warning(
    given
      ? 'Configuration loaded'
      : 'Warning: no config file specified, using the default config. In order to specify a config file use redis-trib-server /path/to/redis.conf',
  );
}

/**
 * One log line with mode and port. With always-show-logo the text lines of redis-server's logo instead, without the drawing,
 * because programs search them for the PID.
 */
function showMode(config: Config, host: ProcessHost, log: Logger, port: number): void {
  const mode = config.flag('cluster-enabled') ? 'cluster' : 'standalone';
  if (!config.flag('always-show-logo')) return log.notice(`Running mode=${mode}, port=${port}.`);
  if (config.text('loglevel') === 'warning') return;
  const lines = [`Redis ${REDIS_VERSION} (00000000/0) 64 bit`, `Running in ${mode} mode`, `Port: ${port}`, `PID: ${host.pid}`];
  host.write(`\n${lines.map((line) => `     ${line}\n`).join('')}\n`);
}

async function stop(node: Node, host: ProcessHost, log: Logger, signal: StopSignal): Promise<void> {
  log.warning(`Received ${signal} scheduling shutdown...`);
  const words = (signal === 'SIGTERM' ? node.config.text('shutdown-on-sigterm') : node.config.text('shutdown-on-sigint')).split(' ');
  const ends = await node.orderlyShutdown.begin(shutdownOptions(new Set(words)));
  if (!ends && node.orderlyShutdown.remainingMs === null) host.continues();
}

async function listening(config: Config, log: Logger): Promise<Node> {
  try {
    return await startNode({ config, log, dataFiles: true });
  } catch (error) {
    const failure = error as NodeJS.ErrnoException & { address?: string; port?: number };
    if (failure.syscall === 'listen' || failure.syscall === 'bind') {
      const port = failure.port ?? config.integer('port');
      log.warning(`Warning: Could not create server TCP listening socket ${shownAddress(failure.address)}:${port}: bind: ${systemReason(error)}`);
      const what = port === config.integer('port') ? 'TCP' : 'cluster';
      const text = `Failed listening on port ${port} (${what}), aborting.`;
      log.warning(text);
      throw new NodeFailed(text);
    }
    const text = messageOf(error);
    log.warning(text);
    if (error instanceof TribError && error.hint !== undefined) log.warning(`Hint: ${error.hint}`);
    throw new NodeFailed(text);
  }
}

function shownAddress(address: string | undefined): string {
  if (address === undefined || address === '0.0.0.0') return '*';
  return address === '::' ? '::*' : address;
}

/** The path of the written file, or null when none is configured. */
function writePidFile(config: Config, host: ProcessHost, log: Logger): string | null {
  if (config.text('pidfile') === '') return null;
  const path = pathOf(config, 'pidfile');
  try {
    writeFileSync(path, `${host.pid}\n`);
    return path;
  } catch (error) {
    log.warning(`Failed to write PID file ${path}: ${systemReason(error)}`);
    return null;
  }
}
