// The folder of this user's settings: config.json and stored permissions.
import { homedir } from 'node:os';
import { join } from 'node:path';

/** `$XDG_CONFIG_HOME/redis-trib` or `~/.config/redis-trib`; it need not exist. */
export function userFolder(env: Readonly<Record<string, string | undefined>>): string {
  const base = env['XDG_CONFIG_HOME'];
  return join(base !== undefined && base !== '' ? base : join(homeOf(env), '.config'), 'redis-trib');
}

/** The user's home. */
export function homeOf(env: Readonly<Record<string, string | undefined>>): string {
  return env['HOME'] ?? homedir();
}
