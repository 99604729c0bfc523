// A command of the user's for one node: placeholders filled in, run by the shell, its output on our stderr. Not here: when
// it is run (apply/rolling/).
import { spawn } from 'node:child_process';
import { TribError } from '../errors.js';
import { usageError } from './options.js';

/** What a command may be told about its node. */
export interface CommandNode {
  readonly id: string;
  readonly name: string;
  readonly host: string;
  readonly port: number;
  readonly role: 'master' | 'replica';
}

const PLACEHOLDER = /\{(host|port|id|role)\}/g;
/** Names and addresses of hosts. Others come from the cluster and go to a shell: no quoting would be safe in all places. */
const HARMLESS = /^[A-Za-z0-9._:%-]+$/;

/** Throws a usage error for a command that would do the same thing for every node. */
export function checkNodeCommand(command: string): void {
  if (command.trim() === '') throw usageError('--exec is empty', "for example --exec 'ssh {host} systemctl restart redis@{port}'");
  if (command.search(PLACEHOLDER) < 0 && !command.includes('REDIS_TRIB_NODE_')) {
    throw usageError('--exec names no node: it would do the same thing every time', "write {host}, {port}, {id} or {role} into it: --exec 'ssh {host} systemctl restart redis@{port}'");
  }
}

/** The command with `{host} {port} {id} {role}` filled in. Throws UNSAFE_HOST. */
export function nodeCommand(command: string, node: CommandNode): string {
  if (!HARMLESS.test(node.host)) throw new TribError('UNSAFE_HOST', `${node.name} announces a host name that is not put into a command: ${JSON.stringify(node.host)}`);
  return command.replace(PLACEHOLDER, (_, name: 'host' | 'port' | 'id' | 'role') => String(node[name]));
}

/**
 * Runs it and waits for its end; not for what it left in the background. The same facts are in REDIS_TRIB_NODE_HOST, _PORT,
 * _ID and _ROLE. An abort ends it. Throws EXEC_FAILED for every end but exit code 0.
 */
export async function runNodeCommand(command: string, node: CommandNode, signal: AbortSignal): Promise<void> {
  const facts = { REDIS_TRIB_NODE_HOST: node.host, REDIS_TRIB_NODE_PORT: String(node.port), REDIS_TRIB_NODE_ID: node.id, REDIS_TRIB_NODE_ROLE: node.role };
  const text = nodeCommand(command, node);
  const how = await new Promise<string>((resolve, reject) => {
    const child = spawn(text, { shell: true, stdio: ['ignore', 2, 2], env: { ...process.env, ...facts } });
    const stop = (): void => void child.kill('SIGTERM');
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
