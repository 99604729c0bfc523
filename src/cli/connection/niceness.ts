// Lowers this process's CPU priority when a managed server runs on the same host. Errors are ignored.
import { getPriority, setPriority } from 'node:os';
import { isHere } from '../../client/here.js';

/** Nice level that the process gets at least; low enough that a busy machine does not starve a move with open slots. */
const NICENESS = 10;

/** `hosts`: hosts of the managed servers. */
export function lowerPriority(hosts: readonly string[]): void {
  if (!hosts.some(isHere)) return;
  try {
    setPriority(Math.max(getPriority(), NICENESS));
  } catch {
    // Not permitted by the system.
  }
}
