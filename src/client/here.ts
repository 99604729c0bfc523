// Tells addresses of this host from remote ones.
import { networkInterfaces } from 'node:os';

/** True for loopback and for the addresses of the network interfaces. Names other than localhost count as remote: servers announce addresses. */
export function isHere(host: string): boolean {
  if (/^(127\.|::1$|localhost$)/.test(host)) return true;
  return Object.values(networkInterfaces()).some((entries) => entries?.some(({ address }) => address === host) === true);
}
