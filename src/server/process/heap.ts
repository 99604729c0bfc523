// The heap size of the node. V8's own limit (about 4 GB) ignores maxmemory and the machine's memory, and is fixed when an
// isolate starts.
import { getHeapStatistics } from 'node:v8';
import type { Config } from '../config/config.js';
import { machineMemory } from '../runtime/machine-memory.js';

const MB = 1024 * 1024;
/** Bytes needed besides data, including room for garbage between collections. */
const BASE = 512 * MB;
/** Share of the machine's memory for the heap when maxmemory is not set. */
const SHARE = 0.8;

/** Bytes of heap this node should have: enough for maxmemory, else most of the machine's or container's memory. */
export function wantedHeap(config: Config): number {
  const maxmemory = config.integer('maxmemory');
  const limit = machineMemory() * SHARE;
  return Math.floor(maxmemory > 0 ? Math.min(maxmemory * 1.5 + BASE, limit) : limit);
}

/** True when this isolate's limit differs enough from the wanted one to justify another isolate. */
export function heapTooSmall(wanted: number): boolean {
  // A limit given by the user applies to every isolate of the process.
  const given = [...process.execArgv, process.env['NODE_OPTIONS'] ?? ''].some((option) => /max[-_]old[-_]space[-_]size/.test(option));
  return !given && getHeapStatistics().heap_size_limit < wanted * 0.95;
}

/** The flag that gives a new process this heap. */
export const heapFlag = (bytes: number): string => `--max-old-space-size=${Math.floor(bytes / MB)}`;

/** Megabytes, the unit of a thread's resource limits. */
export const heapMegabytes = (bytes: number): number => Math.floor(bytes / MB);
