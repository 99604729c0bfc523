// Memory limit of one reply in this process. Beyond the heap limit V8 ends the process.
import { getHeapStatistics } from 'node:v8';
import { DEFAULT_REPLY_BYTES } from '../resp/reply-budget.js';

/** Bytes; about half of the heap, because a value may exist twice for a moment. */
export function replyMemory(heapLimit = getHeapStatistics().heap_size_limit): number {
  return Math.min(DEFAULT_REPLY_BYTES, Math.floor(heapLimit * 0.55));
}
