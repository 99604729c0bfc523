// The built redis-trib-server as a process, for the tests in this folder. Everything started is killed.
import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/** The program under test, made by `npm test`. */
export const SERVER = fileURLToPath(new URL('../../../dist/bin/redis-trib-server.js', import.meta.url));
if (!existsSync(SERVER)) throw new Error(`${SERVER} is missing: npm run build`);

export interface ServerRun {
  readonly child: ChildProcess;
  /** The output so far, of both stdout and stderr. */
  output(): string;
  /** Resolves with the exit code. */
  readonly ended: Promise<number | null>;
  /** Resolves when the output has the text; rejects when the process ends without it. */
  says(text: string): Promise<void>;
}

/** Starts the server with these arguments; `input` goes to its standard input. */
export function run(args: readonly string[], options: { input?: string; flags?: readonly string[]; cwd?: string } = {}): ServerRun {
  const child = spawn(process.execPath, [...(options.flags ?? []), SERVER, ...args], { stdio: ['pipe', 'pipe', 'pipe'], cwd: options.cwd });
  let text = '';
  const waiting = new Set<() => void>();
  const add = (chunk: Buffer): void => {
    text += chunk.toString();
    for (const look of waiting) look();
  };
  child.stdout.on('data', add);
  child.stderr.on('data', add);
  child.stdin.end(options.input ?? '');
  const reap = (): void => void child.kill('SIGKILL');
  process.once('exit', reap);
  const ended = new Promise<number | null>((resolve) =>
    child.once('close', (code) => {
      process.removeListener('exit', reap);
      resolve(code);
    }),
  );
  const says = (wanted: string): Promise<void> =>
    new Promise((resolve, reject) => {
      const look = (): void => {
        if (!text.includes(wanted)) return;
        waiting.delete(look);
        resolve();
      };
      waiting.add(look);
      look();
      void ended.then((code) => reject(new Error(`ended with ${code} before saying ${wanted}:\n${text}`)));
    });
  return { child, output: () => text, ended, says };
}
