// Which addresses are of this machine.
import { networkInterfaces } from 'node:os';

/** Whether an address is one of this machine. Names count as elsewhere, but localhost: servers announce addresses. */
export function isHere(host: string): boolean {
  if (/^(127\.|::1$|localhost$)/.test(host)) return true;
  return Object.values(networkInterfaces()).some((entries) => entries?.some(({ address }) => address === host) === true);
}
