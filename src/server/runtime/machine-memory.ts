// The memory available to this process.
import { totalmem } from 'node:os';

/** Bytes of the machine, or of the container when that has less. */
export function machineMemory(): number {
  const constrained = process.constrainedMemory?.() ?? 0;
  return constrained > 0 ? Math.min(constrained, totalmem()) : totalmem();
}
