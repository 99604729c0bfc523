// The process around the program: arguments, streams, environment, signals, and the only exit of the CLI.
import { readFileSync } from 'node:fs';
import { basename } from 'node:path';
import { ExitCode } from '../errors.js';
import { processStreams, type Io } from '../ui/io.js';
import type { CommandEntry } from './program/define.js';
import { describeFailure, reportFailure } from './program/failure.js';
import { runProgram } from './program.js';
import { watchSignals } from './program/signals.js';

/** The package's version. package.json is two levels above dist/src in the package, three above src/cli in dist. */
function packageVersion(): string {
  const candidates = ['../../../package.json', '../../package.json'];
  for (const candidate of candidates) {
    try {
      const text = readFileSync(new URL(candidate, import.meta.url), 'utf8');
      const { name, version } = JSON.parse(text) as { name?: string; version?: string };
      if (name === 'redis-trib' && version !== undefined) return version;
    } catch {
      // Try the other location.
    }
  }
  return 'unknown';
}

/** Runs the CLI on this process' arguments and ends the process with the exit code. */
export async function main(entries: readonly CommandEntry[]): Promise<never> {
  const streams = processStreams();
  let io: Io | undefined;
  const watch = watchSignals(
    (text) => io?.error(io.errStyle.warn(text)),
    (code) => process.exit(code),
  );
  // A bug of this program. Reported like every failure, since its text may contain text from a node.
  process.once('uncaughtException', (error) => {
    if (io !== undefined) reportFailure(io, describeFailure(error, watch.signal), error, process.argv.includes('--debug'));
    process.exit(ExitCode.failed);
  });
  const code = await runProgram(
    {
      argv: process.argv.slice(2),
      calledAs: basename(process.argv[1] ?? ''),
      streams,
      env: process.env,
      cwd: process.cwd(),
      signal: watch.signal,
      pause: watch.pause,
      ownProcess: true,
      version: packageVersion(),
      onIo: (current) => (io = current),
    },
    entries,
  );
  process.exit(code);
}
