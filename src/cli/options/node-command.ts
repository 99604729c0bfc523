// The user's command for one node: placeholders filled in, run by the shell, its output on this program's stderr. Not here:
// when it is run (apply/rolling/).
import { spawn, type ChildProcess } from 'node:child_process';
import { TribError } from '../../errors.js';
import { usageError } from './options.js';

/** The values of the placeholders. */
export interface CommandNode {
  readonly id: string;
  readonly name: string;
  readonly host: string;
  readonly port: number;
  readonly role: 'master' | 'replica';
}

const PLACEHOLDER = /\{(host|port|id|role)\}/g;
/**
 * Characters of host names and addresses. Others would reach a shell, where no quoting is safe in all positions, and a leading
 * `-` would be an option of ssh.
 */
const SHELL_SAFE_HOST = /^(?!-)[A-Za-z0-9._:%-]+$/;

/** Throws a usage error for a command without placeholders, which would do the same for every node. */
export function checkNodeCommand(command: string): void {
  if (command.trim() === '') throw usageError('--exec is empty', "for example --exec 'ssh {host} systemctl restart redis@{port}'");
  if (command.search(PLACEHOLDER) < 0 && !command.includes('REDIS_TRIB_NODE_')) {
    throw usageError('--exec contains no placeholder: it would do the same for every node', "put {host}, {port}, {id} or {role} into it: --exec 'ssh {host} systemctl restart redis@{port}'");
  }
}

/** The command with `{host} {port} {id} {role}` filled in. Throws UNSAFE_HOST. */
export function nodeCommand(command: string, node: CommandNode): string {
  if (!SHELL_SAFE_HOST.test(node.host)) throw new TribError('UNSAFE_HOST', `${node.name} announces a host name that is unsafe in a shell command: ${JSON.stringify(node.host)}`, { hint: 'set its cluster-announce-hostname or cluster-announce-ip to a plain host name or an IP address' });
  return command.replace(PLACEHOLDER, (_, name: 'host' | 'port' | 'id' | 'role') => String(node[name]));
}

/** Ends the shell and, if it leads a process group, the whole group, including processes the shell waits for. */
function terminate(child: ChildProcess, group: boolean): void {
  try {
    if (group && child.pid !== undefined) process.kill(-child.pid, 'SIGTERM');
    else child.kill('SIGTERM');
  } catch {
    // The process has just ended.
  }
}

/**
 * Runs the command and waits for its end, but not for its background processes. REDIS_TRIB_NODE_HOST, _PORT, _ID and _ROLE hold
 * the same values. An abort ends it with its whole process group unless `interactive`: at a terminal it stays in the terminal's
 * group, which receives Ctrl-C, so that it can ask for a password. Throws EXEC_FAILED for any result but exit code 0.
 */
export async function runNodeCommand(command: string, node: CommandNode, signal: AbortSignal, interactive: boolean): Promise<void> {
  const facts = { REDIS_TRIB_NODE_HOST: node.host, REDIS_TRIB_NODE_PORT: String(node.port), REDIS_TRIB_NODE_ID: node.id, REDIS_TRIB_NODE_ROLE: node.role };
  const text = nodeCommand(command, node);
  const how = await new Promise<string>((resolve, reject) => {
    const child = spawn(text, { shell: true, stdio: ['ignore', 2, 2], env: { ...process.env, ...facts }, detached: !interactive });
    const stop = (): void => terminate(child, !interactive);
    signal.addEventListener('abort', stop, { once: true });
    child.once('error', reject);
    child.once('exit', (code, name) => {
      signal.removeEventListener('abort', stop);
      resolve(code === 0 ? '' : name === null ? `ended with exit code ${code ?? '?'}` : `was ended by ${name}`);
    });
  });
  signal.throwIfAborted();
  if (how !== '') throw new TribError('EXEC_FAILED', `The command for ${node.name} ${how}: ${text}`);
}
