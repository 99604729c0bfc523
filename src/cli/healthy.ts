// The check a command begins with before it changes a cluster, with the predecessors' lines when piped.
import type { Cluster } from '../apply/open-cluster.js';
import { ExitCode, TribError } from '../errors.js';
import type { CheckLinesOptions } from '../ui/views/check-lines.js';
import type { CommandContext } from './define.js';

/** Nodes that only don't agree yet get this long: a reshard may just have ended (cli 5.6). */
const SETTLE_MS = 5000;

/** `doing`: as in `*** Please fix your cluster problems before adding nodes`. Throws TribError UNHEALTHY with what to run next. */
export async function requireHealthy(cluster: Cluster, { io, signal }: CommandContext, doing: string, lines: CheckLinesOptions = {}): Promise<void> {
  let report = await cluster.check();
  if (!report.agreement) {
    await cluster.waitForAgreement({ timeoutMs: SETTLE_MS, signal }).catch(() => signal.throwIfAborted());
    await cluster.refresh();
    report = await cluster.check();
  }
  const { view } = cluster;
  if (io.mode === 'plain') {
    const { checkLines } = await import('../ui/views/check-lines.js');
    io.out(checkLines(view, report, { ...lines, dialect: io.lines }).join('\n'));
  }
  if (report.ok) return;
  const { findingText, nextStep, verdictLines } = await import('../ui/views/check-table.js');
  if (io.mode === 'table') io.out(verdictLines(io, view, report).join('\n'));
  const next = nextStep(view, report);
  // The other modes have shown what is wrong already.
  const problems = report.findings.filter(({ severity }) => severity === 'error').map(findingText);
  throw new TribError('UNHEALTHY', `*** Please fix your cluster problems before ${doing}`, {
    exitCode: ExitCode.failed,
    ...(next === undefined ? {} : { hint: next }),
    ...(io.mode === 'json' ? { cause: new Error(problems.join('; ')) } : {}),
  });
}
