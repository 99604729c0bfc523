// What `redis-trib local` reports about the nodes of a folder, and how it is printed.
import type { SubcommandContext } from '../program/define.js';
import type { NodeReply } from '../../local/ask-node.js';

export const LOCAL_ACTIONS = ['up', 'start', 'create', 'status', 'watch', 'call', 'logs', 'tail', 'tailall', 'restart', 'stop', 'clean-logs', 'clean'] as const;
export type LocalAction = (typeof LOCAL_ACTIONS)[number];

export interface LocalNodeReport {
  readonly port: number;
  readonly address: string;
  readonly pid: number;
  readonly running: boolean;
}

export interface LocalReport {
  readonly action: LocalAction;
  readonly folder: string;
  readonly nodes: readonly LocalNodeReport[];
  /** Ports that this call started or stopped; with `clean` and `clean-logs` all whose files it removed or emptied. */
  readonly changed: readonly number[];
  /** `up` and `create`: whether this call created the cluster. */
  readonly created: boolean;
  readonly logs: readonly { readonly port: number; readonly lines: readonly string[] }[];
  /** `call`: what the nodes replied. */
  readonly answers: readonly NodeReply[];
  readonly dryRun: boolean;
}

/** Prints a report as text. */
export async function renderLocal(report: LocalReport, { io, cwd }: SubcommandContext): Promise<void> {
  const { action, folder, changed } = report;
  if (report.dryRun) return io.out(`${action} would change the nodes on ports: ${changed.join(', ') || 'none'} (in ${folder})`);
  for (const { port, lines } of report.logs) for (const line of lines) io.out(`${port} | ${line}`);
  if (['logs', 'tail', 'tailall', 'watch'].includes(action)) return;
  if (action === 'call') return printAnswers(report, io);
  if (action === 'stop') io.out(changed.length === 0 ? 'No node was running.' : `Stopped the nodes on ports ${changed.join(', ')}.`);
  else if (action === 'clean') io.out(`Removed the local nodes of ${folder}.`);
  else if (action === 'clean-logs') io.out(`Emptied the logs of the nodes on ports ${changed.join(', ')}.`);
  else await printNodes(report, io);
  const [first] = report.nodes;
  if ((action === 'up' || action === 'create') && first !== undefined) {
    const { withFolder } = await import('./local-advice.js');
    io.note(`\nThe cluster is up. It keeps running after this shell is closed; '${withFolder('redis-trib local stop', folder, cwd)}' stops it.\nIts data is kept (append-only files, synced every second): 'local stop' and 'local start' lose nothing, 'local clean' deletes it.\n  redis-trib check ${first.address}\n  redis-cli -c -p ${first.port}`);
  }
}

async function printNodes({ nodes }: LocalReport, io: SubcommandContext['io']): Promise<void> {
  if (io.mode === 'plain') {
    for (const node of nodes) io.out(`${node.address} ${node.running ? `running ${node.pid}` : 'stopped'}`);
    return;
  }
  const { drawTable } = await import('../../ui/table.js');
  const rows = nodes.map((node) => [node.address, node.running ? io.style.good('running') : io.style.bad('stopped'), node.running ? String(node.pid) : '']);
  io.out(await drawTable(io, [{ title: 'node' }, { title: 'state' }, { title: 'pid', align: 'right' }], rows));
}

async function printAnswers({ answers }: LocalReport, io: SubcommandContext['io']): Promise<void> {
  const { rawReply, shownReply } = await import('../../ui/views/raw-reply.js');
  for (const { port, reply, failure } of answers) {
    if (reply === undefined) io.error(`${port}: ${failure ?? 'no reply'}`);
    else {
      io.write(`${io.style.strong(String(port))}: `);
      io.write(shownReply(rawReply(reply), io.mode));
    }
  }
}
