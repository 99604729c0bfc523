// The config file's "nodes" as a lookup for connections. Reads password files.
import { credentialRules, type CredentialRule, type CredentialsOf } from '../../client/node-credentials.js';
import { loginPassword } from './login-password.js';
import type { NodeEntries } from './node-entries.js';
import { firstLine, readFile } from './secret-files.js';

/**
 * The entries as a lookup for connections; undefined when there are none. Password files are relative to `cwd`, like
 * --password-file. Throws TribError UNREADABLE with exit code 2.
 */
export function nodeCredentials(entries: NodeEntries, cwd: string): CredentialsOf | undefined {
  if (entries.size === 0) return undefined;
  const rules = [...entries].map(([name, { host, port, user, password, passwordFile }]): CredentialRule => {
    const secret = passwordFile === undefined ? loginPassword(user, password) : firstLine(readFile(cwd, passwordFile, `password file of node ${name}`).toString('utf8'));
    const origin = `"${name}" of "nodes" in the config file`;
    return { host, port, credentials: { origin, ...(user === undefined ? {} : { username: user }), ...(secret === undefined ? {} : { password: secret }) } };
  });
  return credentialRules(rules);
}
