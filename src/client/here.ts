// Whether an address belongs to this host.
import { networkInterfaces } from 'node:os';

/** Whether an address belongs to this host. Names other than localhost count as remote: servers announce addresses. */
export function isHere(host: string): boolean {
  if (/^(127\.|::1$|localhost$)/.test(host)) return true;
  return Object.values(networkInterfaces()).some((entries) => entries?.some(({ address }) => address === host) === true);
}
