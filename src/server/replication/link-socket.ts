// The socket of a replica to its master: plain, or TLS with tls-replication. As in Redis the certificate must be signed by a
// known authority; its name is not compared, because nodes are known by their addresses.
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import net from 'node:net';
import tls from 'node:tls';
import type { Config } from '../config/config.js';
import { pathOf } from '../config/paths.js';

export interface LinkSocket {
  readonly socket: net.Socket;
  /** The event after which bytes can be sent. */
  readonly ready: 'connect' | 'secureConnect';
}

/** Begins to connect. Throws the system's error when a certificate file cannot be read, or OpenSSL's when it is invalid. */
export function openLinkSocket(config: Config, host: string, port: number): LinkSocket {
  const source = config.text('bind-source-addr');
  const address = { host, port, ...(source === '' ? {} : { localAddress: source }) };
  if (!config.flag('tls-replication')) return { socket: net.connect(address), ready: 'connect' };
  return { socket: tls.connect({ ...address, ...tlsOptions(config) }), ready: 'secureConnect' };
}

const VERSIONS: readonly tls.SecureVersion[] = ['TLSv1', 'TLSv1.1', 'TLSv1.2', 'TLSv1.3'];

function tlsOptions(config: Config): tls.ConnectionOptions {
  return { ca: authorities(config), checkServerIdentity: () => undefined, ...ownCertificate(config), ...ciphers(config), ...versions(config.text('tls-protocols')) };
}

/** The certificate that the replica presents as a TLS client: its client certificate, or else its server certificate. */
function ownCertificate(config: Config): tls.ConnectionOptions {
  if (config.text('tls-client-cert-file') !== '') {
    return { cert: readFileSync(pathOf(config, 'tls-client-cert-file')), key: readFileSync(pathOf(config, 'tls-client-key-file')), passphrase: config.text('tls-client-key-file-pass') };
  }
  if (config.text('tls-cert-file') === '') return {};
  return { cert: readFileSync(pathOf(config, 'tls-cert-file')), key: readFileSync(pathOf(config, 'tls-key-file')), passphrase: config.text('tls-key-file-pass') };
}

function authorities(config: Config): Buffer[] {
  const folder = config.text('tls-ca-cert-dir') === '' ? null : pathOf(config, 'tls-ca-cert-dir');
  const files = folder === null ? [] : readdirSync(folder).map((name) => join(folder, name));
  if (config.text('tls-ca-cert-file') !== '') files.push(pathOf(config, 'tls-ca-cert-file'));
  return files.map((path) => readFileSync(path));
}

/** Node takes the suites of TLS 1.3 and the ciphers of earlier versions in one list. */
function ciphers(config: Config): tls.ConnectionOptions {
  const parts = [config.text('tls-ciphersuites'), config.text('tls-ciphers')].filter((part) => part !== '');
  return parts.length === 0 ? {} : { ciphers: parts.join(':') };
}

/** `tls-protocols` names versions separated by blanks, in any case; all between the lowest and the highest are allowed. */
function versions(named: string): tls.ConnectionOptions {
  const wanted = named.toLowerCase().split(' ');
  const allowed = VERSIONS.filter((version) => wanted.includes(version.toLowerCase()));
  const [minVersion, maxVersion] = [allowed[0], allowed[allowed.length - 1]];
  return minVersion === undefined || maxVersion === undefined ? {} : { minVersion, maxVersion };
}
