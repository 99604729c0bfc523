// Runs the built CLI (dist/, made by `npm test`) as users do: as a process, piped or under a pseudo terminal.
import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import * as pty from '@lydell/node-pty';

/** The program under test. */
export const CLI = fileURLToPath(new URL('../../dist/bin/redis-trib.js', import.meta.url));

if (!existsSync(CLI)) throw new Error(`${CLI} is missing: npm run build`);

export interface CliResult {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface CliOptions {
  readonly cwd?: string;
  readonly env?: Readonly<Record<string, string | undefined>>;
  /** Given to stdin, which is then closed; without it stdin is empty. */
  readonly input?: string;
  /** Another path of the program, such as a link to it. */
  readonly program?: string;
  /** Columns that a pseudo terminal reports, default 120; 0: a terminal whose size was never set. */
  readonly columns?: number;
  /** Type the command into an interactive bash, which stays: Ctrl-Z needs a shell. */
  readonly shell?: boolean;
}

/** The tests' own environment must not colour or configure the CLI. */
export function cleanEnv(extra: CliOptions['env'] = {}): NodeJS.ProcessEnv {
  const own = Object.fromEntries(Object.entries(process.env).filter(([name]) => !/^(REDIS|NO_COLOR|FORCE_COLOR|CLICOLOR|CI$|XDG_)/.test(name)));
  return { ...own, TERM: 'xterm-256color', HOME: '/nonexistent', ...extra };
}

/** Starts the CLI without waiting for it. */
export function startCli(args: readonly string[], options: CliOptions = {}): ChildProcess {
  return spawn(process.execPath, [options.program ?? CLI, ...args], { cwd: options.cwd, env: cleanEnv(options.env), stdio: ['pipe', 'pipe', 'pipe'] });
}

/** Waits for a started CLI. */
export function finished(child: ChildProcess): Promise<CliResult> {
  let stdout = '';
  let stderr = '';
  child.stdout?.on('data', (chunk: Buffer) => (stdout += chunk.toString()));
  child.stderr?.on('data', (chunk: Buffer) => (stderr += chunk.toString()));
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code) => resolve({ code, stdout, stderr }));
  });
}

/** Runs the CLI to its end, piped. */
export function runCli(args: readonly string[], options: CliOptions = {}): Promise<CliResult> {
  const child = startCli(args, options);
  child.stdin?.end(options.input ?? '');
  return finished(child);
}

/** The CLI under a pseudo terminal. */
export interface Terminal {
  /** Everything shown so far, without escape sequences. */
  screen(): string;
  /** Everything shown so far, with escape sequences. */
  raw(): string;
  /** Gives the terminal another width; 0 as one whose size was never set. */
  resize(columns: number): void;
  /** Resolves when the text has appeared after everything that was waited for before. */
  waitFor(text: string | RegExp): Promise<void>;
  type(keys: string): void;
  readonly exit: Promise<number>;
  kill(): void;
}

const ESCAPES = new RegExp(String.raw`\u001b(\[[0-9;?]*[A-Za-z]|\][^\u0007]*\u0007|[78=>])`, 'g');

/** Runs the CLI under a pseudo terminal. */
export function openTerminal(args: readonly string[], options: CliOptions = {}): Terminal {
  const { columns = 120, shell } = options;
  const command = [process.execPath, CLI, ...args];
  // The library of pseudo terminals takes no 0.
  const [program = '', ...words] = columns > 0 ? command : ['sh', '-c', 'stty cols 0; exec "$@"', 'sh', ...command];
  if (shell !== true) return openShell(program, words, options);
  const bash = openShell('bash', ['--norc', '--noprofile', '-i'], options);
  bash.type(`${command.map((word) => `'${word}'`).join(' ')}\r`);
  return bash;
}

/** Runs any program under a pseudo terminal. */
export function openShell(program: string, words: string[], options: CliOptions = {}): Terminal {
  const { columns = 120 } = options;
  const terminal = pty.spawn(program, words, { cols: columns > 0 ? columns : 120, rows: 40, cwd: options.cwd ?? process.cwd(), env: cleanEnv(options.env) as Record<string, string> });
  let shown = '';
  let seen = 0;
  let look = (): void => undefined;
  terminal.onData((data) => {
    shown += data;
    look();
  });
  const exit = new Promise<number>((resolve) => {
    terminal.onExit(({ exitCode }) => {
      resolve(exitCode);
      look();
    });
  });
  const screen = (): string => shown.replace(ESCAPES, '');
  const waitFor = (text: string | RegExp): Promise<void> =>
    new Promise((resolve, reject) => {
      const timer = setTimeout(() => reject(new Error(`never shown: ${String(text)}\n--- screen:\n${screen()}`)), 15_000);
      look = () => {
        const rest = screen().slice(seen);
        const at = typeof text === 'string' ? rest.indexOf(text) : rest.search(text);
        if (at < 0) return;
        seen += at + 1;
        clearTimeout(timer);
        look = () => undefined;
        resolve();
      };
      look();
    });
  const resize = (width: number): void => {
    if (width > 0) return terminal.resize(width, 40);
    spawnSync('sh', ['-c', 'stty cols 0 <"$0"', (terminal as unknown as { readonly ptsName: string }).ptsName]);
  };
  return { screen, raw: () => shown, resize, waitFor, type: (keys) => terminal.write(keys), exit, kill: () => terminal.kill('SIGKILL') };
}
