// `redis-trib local watch`: CLUSTER NODES of the first running node every second, as create-cluster shows it.
import { setTimeout as wait } from 'node:timers/promises';
import { TribError } from '../../errors.js';
import { askNode } from '../../local/ask-node.js';
import type { SubcommandContext } from '../program/define.js';
import type { LocalReport } from './local-report.js';

const PERIOD_MS = 1000;
/** Lines of CLUSTER NODES that are shown. */
const MAX_LINES = 30;

/** Prints until the signal aborts. Throws NOT_RUNNING when no node runs. */
export async function watchLocal({ nodes }: LocalReport, { io, signal }: SubcommandContext): Promise<void> {
  const running = nodes.filter((node) => node.running);
  if (running.length === 0) throw new TribError('NOT_RUNNING', 'no local node runs', { hint: 'redis-trib local up' });
  while (!signal.aborted && io.open) {
    io.out(new Date().toString());
    io.out(await firstNodesText(running, signal));
    await wait(PERIOD_MS, undefined, { signal }).catch(() => undefined);
  }
}

/** CLUSTER NODES of the first node that replies: node 1 may be the one that was killed. */
async function firstNodesText(nodes: LocalReport['nodes'], signal: AbortSignal): Promise<string> {
  const failures: string[] = [];
  for (const { address, port } of nodes) {
    const { reply, failure } = await askNode(address.slice(0, address.lastIndexOf(':')), port, ['CLUSTER', 'NODES'], signal);
    if (typeof reply === 'string') return reply.trimEnd().split('\n').slice(0, MAX_LINES).join('\n');
    failures.push(`${port}: ${failure ?? String(reply)}`);
  }
  return failures.join('\n');
}
