// Connection options of a command line as client settings: finds the password, reads the TLS files. Order of passwords: flag,
// URL, file, prompt, VALKEYCLI_AUTH, REDISCLI_AUTH. Not here: connecting.
import { readdirSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { TribError } from '../../errors.js';
import type { ConnectionOptions, TlsOptions } from '../../client/connection.js';
import type { CredentialsOf } from '../../client/node-credentials.js';
import type { Address } from '../../cluster/address.js';
import type { Io } from '../../ui/io.js';
import { parseAddressMap } from '../options/address-map.js';
import { parseSeed, type SeedAddresses } from '../options/address.js';
import { loginPassword } from './login-password.js';
import type { NodeEntries } from './node-entries.js';
import { usageError, type OptionValues } from '../options/options.js';
import { firstLine, readFile, unreadable } from './secret-files.js';
import { connectionOptions } from '../options/shared-options.js';

export type ConnectionValues = OptionValues<typeof connectionOptions>;

/** All settings of a connection except its address. */
export interface ConnectionSettings extends Omit<ConnectionOptions, 'host' | 'port' | 'signal'> {
  /** Nodes with their own credentials, from the config file. */
  readonly credentialsOf?: CredentialsOf;
  /** Maps announced addresses to reachable ones. */
  readonly addressMap?: (announced: Address) => Address;
  /** The rules of --address-map as given. */
  readonly addressRules?: readonly string[];
}

export interface SettingsSource {
  readonly values: ConnectionValues;
  readonly io: Io;
  readonly cwd: string;
  readonly signal: AbortSignal;
  /** The password was on the command line, visible to other users: causes a warning. */
  readonly passwordTyped: boolean;
  /** Credentials of single nodes, which take precedence. */
  readonly nodes: NodeEntries;
}

/** The password, or undefined for none. */
async function findPassword(source: SettingsSource, url: SeedAddresses | undefined): Promise<string | undefined> {
  const { values, io, cwd, signal } = source;
  if (values.password !== undefined) {
    if (source.passwordTyped && !values.noAuthWarning) io.note('Warning: Using a password with \'-a\' or \'-u\' option on the command line interface may not be safe.', 'always-stderr');
    return values.password;
  }
  if (url?.password !== undefined) return url.password;
  if (values.passwordFile === '-') return firstLine(await io.readInput());
  if (values.passwordFile !== undefined) return firstLine(readFile(cwd, values.passwordFile, 'password file').toString('utf8'));
  if (values.askpass) return (await io.prompts(signal)).password('Please input password:', '--password-file FILE or REDISCLI_AUTH');
  return connectionOptions.password.lastEnv?.map((name) => io.env[name]).find((value) => value !== undefined && value !== '');
}

/** The TLS options; also those of an import's source. */
export type TlsValues = Pick<ConnectionValues, 'cacert' | 'cacertdir' | 'cert' | 'key' | 'sni' | 'insecure' | 'tlsCiphers' | 'tlsCiphersuites'>;

function authorities(values: TlsValues, cwd: string): Buffer[] {
  const files = values.cacert === undefined ? [] : [values.cacert];
  const directory = values.cacertdir;
  if (directory === undefined) return files.map((file) => readFile(cwd, file, 'CA file'));
  try {
    const names = readdirSync(resolve(cwd, directory)).filter((name) => /\.(pem|crt|cer|0)$/.test(name));
    return [...files, ...names.map((name) => join(directory, name))].map((file) => readFile(cwd, file, 'CA file'));
  } catch (error) {
    throw error instanceof TribError ? error : unreadable(directory, 'CA directory', error);
  }
}

/** Reads the files. Throws TribError with exit code 2 for unreadable ones. */
export function tlsSettings(values: TlsValues, cwd: string): TlsOptions {
  if ((values.cert === undefined) !== (values.key === undefined)) throw usageError('--cert and --key go together');
  const ca = authorities(values, cwd);
  const ciphers = [values.tlsCiphersuites, values.tlsCiphers].filter((list) => list !== undefined).join(':');
  return {
    ...(ca.length > 0 ? { ca } : {}),
    ...(values.cert === undefined ? {} : { cert: readFile(cwd, values.cert, 'certificate') }),
    ...(values.key === undefined ? {} : { key: readFile(cwd, values.key, 'key') }),
    ...(values.sni === undefined ? {} : { sni: values.sni }),
    ...(values.insecure ? { insecure: true } : {}),
    ...(ciphers === '' ? {} : { ciphers }),
  };
}

async function ownCredentials({ nodes, cwd }: SettingsSource): Promise<CredentialsOf | undefined> {
  if (nodes.size === 0) return undefined;
  const { nodeCredentials } = await import('./own-credentials.js');
  return nodeCredentials(nodes, cwd);
}

/** All connection settings of one command. Throws TribError with exit code 2 for what cannot be read or asked. */
export async function resolveConnection(source: SettingsSource, seed?: SeedAddresses): Promise<ConnectionSettings> {
  const { values, cwd } = source;
  const uri = values.uri === undefined ? undefined : parseSeed(values.uri);
  const url = seed?.password !== undefined || seed?.username !== undefined ? seed : uri;
  const username = values.user ?? url?.username;
  const password = loginPassword(username, await findPassword(source, url));
  const credentialsOf = await ownCredentials(source);
  const tls = values.tls || seed?.tls === true || uri?.tls === true;
  return {
    connectTimeoutMs: Math.ceil(values.connectTimeout * 1000),
    commandTimeoutMs: Math.ceil(values.commandTimeout * 1000),
    ...(values.maxReply === undefined ? {} : { maxReplyBytes: values.maxReply }),
    ...(values.ipv4 !== values.ipv6 ? { family: values.ipv4 ? 4 : 6 } : {}),
    ...(username === undefined ? {} : { username }),
    ...(password === undefined ? {} : { password }),
    ...(credentialsOf === undefined ? {} : { credentialsOf }),
    ...(tls ? { tls: tlsSettings(values, cwd) } : {}),
    ...(values.addressMap === undefined ? {} : { addressMap: parseAddressMap(values.addressMap), addressRules: values.addressMap }),
  };
}
