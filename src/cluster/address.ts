// Reads and writes node addresses as people type them. Pure; no name is resolved here.
import { TribError } from '../errors.js';

export interface Address {
  readonly host: string;
  readonly port: number;
}

/** `host:port`, `[ipv6]:port`, `ipv6:port` (last colon counts); a tail `@busport` is ignored. Throws TribError BAD_ADDRESS. */
export function parseAddress(text: string): Address {
  const trimmed = text.trim().replace(/@\d*(,.*)?$/, '');
  const colon = trimmed.lastIndexOf(':');
  const host = trimmed.slice(0, Math.max(colon, 0)).replace(/^\[(.*)\]$/, '$1');
  const portText = trimmed.slice(colon + 1);
  const port = Number(portText);
  if (colon < 1 || host === '' || !/^\d+$/.test(portText) || port < 1 || port > 65_535) {
    throw new TribError('BAD_ADDRESS', `Invalid address format: ${text}`, { exitCode: 2, hint: 'write it as host:port, for example 127.0.0.1:7000' });
  }
  return { host, port };
}

/** `host:port`, brackets around IPv6. */
export function formatAddress(address: Address): string {
  return address.host.includes(':') ? `[${address.host}]:${address.port}` : `${address.host}:${address.port}`;
}
