// How much heap the node may use. V8's own limit (about 4 GB) knows nothing of maxmemory or of the machine, and it is
// fixed when an isolate starts.
import { totalmem } from 'node:os';
import { getHeapStatistics } from 'node:v8';
import type { Config } from '../config/config.js';

const MB = 1024 * 1024;
/** What the node needs besides data, and room for garbage between collections. */
const BASE = 512 * MB;
/** Share of the machine that the heap may take when maxmemory does not say. */
const SHARE = 0.8;

/** Bytes of heap this node should be able to use: enough for maxmemory, else most of the machine or its container. */
export function wantedHeap(config: Config): number {
  const maxmemory = config.integer('maxmemory');
  const limit = machineMemory() * SHARE;
  return Math.floor(maxmemory > 0 ? Math.min(maxmemory * 1.5 + BASE, limit) : limit);
}

/** True when this isolate's limit is far enough from what is wanted to be worth another isolate. */
export function heapTooSmall(wanted: number): boolean {
  // A limit that the user gave holds for every isolate of the process, and is the user's will.
  const given = [...process.execArgv, process.env['NODE_OPTIONS'] ?? ''].some((option) => /max[-_]old[-_]space[-_]size/.test(option));
  return !given && getHeapStatistics().heap_size_limit < wanted * 0.95;
}

/** The flag that gives a new process this heap. */
export const heapFlag = (bytes: number): string => `--max-old-space-size=${Math.floor(bytes / MB)}`;

/** Megabytes, as a thread's resource limits take them. */
export const heapMegabytes = (bytes: number): number => Math.floor(bytes / MB);

/** Memory of the machine, or of the container when that has less. */
function machineMemory(): number {
  const constrained = process.constrainedMemory?.() ?? 0;
  return constrained > 0 ? Math.min(constrained, totalmem()) : totalmem();
}
