// Runs the node in a worker thread, whose isolate may have a larger heap than the main one. Still one process: pid, signals and
// exit code are the main thread's. Costs about 40 ms at start. A second process would cost about 50 ms, and its memory for as
// long as the node runs.
import { Worker } from 'node:worker_threads';
import type { ConfigSources } from '../config/conf-file.js';
import { systemClock } from '../runtime/clock.js';
import { formatLogLine } from '../runtime/log.js';
import { heapMegabytes } from './heap.js';
import type { ProcessHost } from './start.js';
import type { FromThread, ThreadData } from './thread-entry.js';

export interface ThreadRun {
  readonly sources: ConfigSources;
  /** Bytes of heap. */
  readonly wanted: number;
  readonly host: ProcessHost;
}

/** Starts the thread; null when the node ended regularly, else why it failed. */
export function runInThread({ sources, wanted, host }: ThreadRun): Promise<string | null> {
  const data: ThreadData = { sources, pid: host.pid };
  const worker = new Worker(new URL('./thread-entry.js', import.meta.url), {
    workerData: data,
    resourceLimits: { maxOldGenerationSizeMb: heapMegabytes(wanted) },
  });
  host.onStop((signal) => worker.postMessage(signal));
  let failure = 'The node ended unexpectedly.';
  const crash = (text: string): void => {
    failure = text;
    host.write(formatLogLine('warning', text, host.pid, 'M', new Date(systemClock.now())));
  };
  return new Promise((resolve) => {
    worker.on('message', (message: FromThread) => {
      if (message.kind === 'ready') host.ready();
      else if (message.kind === 'continues') host.continues();
      else if (message.kind === 'failed') failure = message.text;
      else host.write(message.line);
    });
    worker.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'ERR_WORKER_OUT_OF_MEMORY') crash(`Out of memory: the heap limit is ${heapMegabytes(wanted)} MB. Set maxmemory to refuse writes before that.`);
      else crash(`Crashed: ${error.stack ?? error.message}`);
    });
    worker.on('exit', (code) => resolve(code === 0 ? null : failure));
  });
}
