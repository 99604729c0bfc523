// The check before a command changes a cluster, with the predecessors' lines when piped.
import type { Cluster } from '../../apply/open-cluster.js';
import { ExitCode, TribError } from '../../errors.js';
import type { CheckLinesOptions } from '../../ui/views/check-lines.js';
import type { SubcommandContext } from '../program/define.js';

/** Milliseconds for nodes to agree and to know each other: a reshard may just have ended (cli.md 5.6). */
const SETTLE_MS = 5000;

/**
 * `doing`: as in `*** Please fix your cluster problems before adding nodes`. Throws TribError UNHEALTHY with the next command.
 */
export async function requireHealthy(cluster: Cluster, { io, signal }: SubcommandContext, doing: string, lines: CheckLinesOptions = {}): Promise<void> {
  const report = await cluster.settle(SETTLE_MS, signal);
  const { view } = cluster;
  if (io.mode === 'plain') {
    const { checkLines } = await import('../../ui/views/check-lines.js');
    io.out(checkLines(view, report, { ...lines, dialect: io.lines }).join('\n'));
  }
  if (report.ok) return;
  const { findingText, nextStep, verdictLines } = await import('../../ui/views/check-table.js');
  if (io.mode === 'table') io.out(verdictLines(io, view, report).join('\n'));
  const next = nextStep(view, report);
  // The other modes have printed the problems already.
  const problems = report.findings.filter(({ severity }) => severity === 'error').map(findingText);
  throw new TribError('UNHEALTHY', `*** Please fix your cluster problems before ${doing}`, {
    exitCode: ExitCode.failed,
    ...(next === undefined ? {} : { hint: next }),
    ...(io.mode === 'json' ? { cause: new Error(problems.join('; ')) } : {}),
  });
}
