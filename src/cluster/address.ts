// Reads and writes node addresses as users type them. Pure; resolves no names.
import { ExitCode, TribError } from '../errors.js';

export interface Address {
  readonly host: string;
  readonly port: number;
}

/** Letters and digits of any script, and separators of names and addresses (`%` before a zone, `_` in containers). */
const HOST = /^(?!-)[\p{L}\p{N}._:%-]{1,255}$/u;

/**
 * Whether the text can be a host name or an IP address. A leading `-` would be an option of other programs; blanks, quotes and
 * control characters would break a shell word or a terminal line.
 */
export function isHost(text: string): boolean {
  return HOST.test(text);
}

/**
 * `host:port`, `[ipv6]:port`, `ipv6:port` (the last colon separates); a suffix `@busport` is ignored. Throws TribError
 * BAD_ADDRESS.
 */
export function parseAddress(text: string): Address {
  const trimmed = text.trim().replace(/@\d*(,.*)?$/, '');
  const colon = trimmed.lastIndexOf(':');
  const host = trimmed.slice(0, Math.max(colon, 0)).replace(/^\[(.*)\]$/, '$1');
  const portText = trimmed.slice(colon + 1);
  const port = Number(portText);
  if (colon < 1 || !isHost(host) || !/^\d+$/.test(portText) || port < 1 || port > 65_535) {
    throw new TribError('BAD_ADDRESS', `Invalid address format: ${text}`, { exitCode: ExitCode.usage, hint: 'give it as host:port, for example 127.0.0.1:7000' });
  }
  return { host, port };
}

/** Natural order of addresses: numbers in hosts compare as numbers, then ports. */
export function compareAddresses(one: Address, other: Address): number {
  return one.host.localeCompare(other.host, 'en', { numeric: true }) || one.port - other.port;
}

/** Natural order of displayed names, `host:port`. */
export function compareNames(one: { readonly name: string }, other: { readonly name: string }): number {
  return one.name.localeCompare(other.name, 'en', { numeric: true });
}

/** `host:port`, brackets around IPv6. */
export function formatAddress(address: Address): string {
  return address.host.includes(':') ? `[${address.host}]:${address.port}` : `${address.host}:${address.port}`;
}
