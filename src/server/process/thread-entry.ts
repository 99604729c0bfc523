// The first file that a node's worker thread loads; the counterpart of thread.ts.
import { parentPort, workerData } from 'node:worker_threads';
import { loadConfig } from '../config/conf-file.js';
import type { ConfigSources } from '../config/conf-file.js';
import { NodeFailed, runNode } from './start.js';
import type { StopSignal } from './start.js';

export interface ThreadData {
  readonly sources: ConfigSources;
  readonly pid: number;
}

/** Messages of the thread: a log line, that the node serves, that it keeps running after a signal, or why it could not start. */
export type FromThread =
  | { readonly kind: 'ready' }
  | { readonly kind: 'continues' }
  | { readonly kind: 'failed'; readonly text: string }
  | { readonly kind: 'log'; readonly line: string };

const { sources, pid } = workerData as ThreadData;
const port = parentPort!;
const tell = (message: FromThread): void => port.postMessage(message);

try {
  await runNode(loadConfig(sources), {
    pid,
    write: (line) => tell({ kind: 'log', line }),
    ready: () => tell({ kind: 'ready' }),
    continues: () => tell({ kind: 'continues' }),
    onStop: (listener) => port.on('message', (signal: StopSignal) => listener(signal)),
  });
  process.exitCode = 0;
} catch (error) {
  if (!(error instanceof NodeFailed)) throw error;
  tell({ kind: 'failed', text: error.message });
  process.exitCode = 1;
}
// The listener on the port would keep the thread alive.
port.close();
