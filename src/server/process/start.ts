// Starts a node with Redis's log lines around it and tells how it ended. Works in the process's main thread and in a
// worker thread alike: everything of the process comes through ProcessHost. Exiting is the caller's.
import { rmSync, writeFileSync } from 'node:fs';
import { TribError } from '../../errors.js';
import { pathOf } from '../config/paths.js';
import type { Config } from '../config/config.js';
import { startNotes } from '../config/unsupported.js';
import { createLogger } from '../log.js';
import type { LogLevel, Logger } from '../log.js';
import { startNode } from '../node.js';
import type { Node } from '../node.js';
import { systemClock } from '../clock.js';
import { REDIS_VERSION } from '../version.js';
import type { LogSink } from './log-sink.js';
import { systemReason } from './log-sink.js';

export type StopSignal = 'SIGTERM' | 'SIGINT';

export interface ProcessHost {
  readonly pid: number;
  readonly write: LogSink;
  /** Calls back for every signal that asks for an end. */
  onStop(listener: (signal: StopSignal) => void): void;
  /** The node answers from now on. */
  ready(): void;
}

/** Why a start failed: the node has logged it, `message` is the last line for whoever waits for the start. */
export class StartFailed extends Error {}

/**
 * Runs a node until it is shut down by a signal or by SHUTDOWN.
 * @throws StartFailed when it cannot listen
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
  host.onStop((signal) => stop(node, log, signal));
  const pidFile = writePidFile(config, host, log);
  const mode = config.flag('cluster-enabled') ? 'cluster' : 'standalone';
  log.notice(`Running mode=${mode}, port=${node.port}.`);
  log.warning('Server initialized');
  for (const { level, text } of startNotes(config)) log[level](text);
  log.notice('Ready to accept connections');
  host.ready();
  await node.closed;
  if (pidFile !== null) {
    log.notice('Removing the pid file.');
    rmSync(pidFile, { force: true });
  }
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

function stop(node: Node, log: Logger, signal: StopSignal): void {
  log.warning(`Received ${signal} scheduling shutdown...`);
  log.warning('User requested shutdown...');
  node.shutdown();
}

async function listening(config: Config, log: Logger): Promise<Node> {
  try {
    return await startNode({ config, log });
  } catch (error) {
    const failure = error as NodeJS.ErrnoException & { address?: string; port?: number };
    if (failure.syscall === 'listen' || failure.syscall === 'bind') {
      const port = failure.port ?? config.integer('port');
      log.warning(`Warning: Could not create server TCP listening socket ${shownAddress(failure.address)}:${port}: bind: ${systemReason(error)}`);
      const what = port === config.integer('port') ? 'TCP' : 'cluster';
      const text = `Failed listening on port ${port} (${what}), aborting.`;
      log.warning(text);
      throw new StartFailed(text);
    }
    const text = error instanceof Error ? error.message : String(error);
    log.warning(text);
    if (error instanceof TribError && error.hint !== undefined) log.warning(`Hint: ${error.hint}`);
    throw new StartFailed(text);
  }
}

function shownAddress(address: string | undefined): string {
  if (address === undefined || address === '0.0.0.0') return '*';
  return address === '::' ? '::*' : address;
}

/** The path of the file written, or null when none is wanted. */
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
