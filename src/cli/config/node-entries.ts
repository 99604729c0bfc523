// "nodes" of the config file: credentials of single nodes (cli.md 5.7), by `host:port` or by host. Pure. Not here: reading the
// password files (own-credentials.ts), choosing the entry of a node (client/node-credentials.ts), the rest of the file
// (config.ts).
import { parseAddressPattern } from '../options/address-map.js';

/** The config file's entry for one node. Without a password no AUTH is sent to it. */
export interface NodeEntry {
  readonly host: string;
  readonly port: number | undefined;
  readonly user: string | undefined;
  readonly password: string | undefined;
  readonly passwordFile: string | undefined;
}

/** By name as written, host in lower case. */
export type NodeEntries = ReadonlyMap<string, NodeEntry>;

const FIELDS = ['user', 'password', 'passwordFile'] as const;

/** Reports invalid entries to `wrong`, which throws. Values are never quoted, because they may be passwords. */
export function parseNodeEntries(value: unknown, wrong: (why: string) => never): NodeEntries {
  if (!isObject(value)) return wrong('"nodes" is not an object; it looks like {"10.0.0.1:7000": {"user": "admin", "passwordFile": "/run/secrets/a"}}');
  return new Map(Object.entries(value).map(([name, entry]) => [name.toLowerCase(), nodeEntry(name, entry, wrong)]));
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function nodeEntry(name: string, value: unknown, wrong: (why: string) => never): NodeEntry {
  const place = parseAddressPattern(name);
  const where = `"${name}" of "nodes"`;
  if (place === undefined) return wrong(`${where} is neither HOST:PORT nor a host`);
  if (!isObject(value)) return wrong(`${where} is not an object of ${FIELDS.join(', ')}`);
  const strange = Object.keys(value).find((field) => !FIELDS.some((known) => known === field));
  if (strange !== undefined) return wrong(`unknown setting "${strange}" in ${where}; known are ${FIELDS.join(', ')}`);
  const text = (field: (typeof FIELDS)[number]): string | undefined => {
    const one = value[field];
    return one === undefined || typeof one === 'string' ? one : wrong(`"${field}" in ${where} is not a string`);
  };
  const [user, password, passwordFile] = [text('user'), text('password'), text('passwordFile')];
  if (password !== undefined && passwordFile !== undefined) return wrong(`${where} has both password and passwordFile`);
  return { host: place.host.toLowerCase(), port: place.port, user, password, passwordFile };
}
