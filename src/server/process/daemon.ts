// daemonize yes. Node cannot fork, so the program is started again, detached, with the required heap. The original process
// waits until the daemon serves, so that its exit code shows whether the start succeeded.
import { spawn } from 'node:child_process';
import type { ConfigSources } from '../config/conf-file.js';
import { heapFlag } from './heap.js';

/** Marks the daemon's environment; the value has no meaning. */
const MARK = 'REDIS_TRIB_SERVER_DAEMON';

type ToDaemon = { readonly sources: ConfigSources };
type FromDaemon = { readonly kind: 'ready' } | { readonly kind: 'failed'; readonly text: string };

/** The daemon's channel to the process that started it. */
export interface DaemonParent {
  readonly sources: Promise<ConfigSources>;
  /** The node serves: the parent may exit. */
  ready(): void;
  /** The node could not start: the parent prints the reason. Resolves when it was sent. */
  failed(reason: string): Promise<void>;
}

/** Starts the daemon with the same program and waits for its first message; returns the exit code for the caller's process. */
export function startDaemon(sources: ConfigSources, heapBytes: number): Promise<number> {
  const program = process.argv[1]!;
  const child = spawn(process.execPath, [...process.execArgv, heapFlag(heapBytes), program], {
    detached: true,
    env: { ...process.env, [MARK]: '1' },
    // The daemon inherits no terminal and no pipe: a reader of the parent's output must see its end when the parent exits.
    stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
  });
  const words: ToDaemon = { sources };
  child.send(words);
  return new Promise((resolve) => {
    const fail = (reason: string): void => {
      process.stderr.write(`${reason}\n`);
      resolve(1);
    };
    child.once('error', (error) => fail(error.message));
    child.once('exit', () => fail('The daemon ended before it was ready; see its log file.'));
    child.once('message', (message: FromDaemon) => {
      child.removeAllListeners('exit');
      if (child.connected) child.disconnect();
      child.unref();
      if (message.kind === 'ready') resolve(0);
      else fail(message.text);
    });
  });
}

/** The parent when this process is a daemon, else null. */
export function daemonParent(): DaemonParent | null {
  if (process.env[MARK] === undefined || !process.connected) return null;
  delete process.env[MARK];
  const tell = (message: FromDaemon): Promise<void> =>
    new Promise((resolve) => {
      if (!process.connected) return resolve();
      process.send!(message, () => {
        process.disconnect();
        resolve();
      });
    });
  return {
    sources: new Promise((resolve) => process.once('message', (message: ToDaemon) => resolve(message.sources))),
    ready: () => void tell({ kind: 'ready' }),
    failed: (text) => tell({ kind: 'failed', text }),
  };
}
