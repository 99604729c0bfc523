// The last line of a test run: how many tests of each suite ran.
import type { Reporter, TestModule } from 'vitest/node';

export class SuiteCounts implements Reporter {
  onTestRunEnd(modules: readonly TestModule[]): void {
    const counts = new Map<string, number>();
    for (const module of modules) {
      const ran = [...module.children.allTests()].filter((test) => test.result().state !== 'skipped').length;
      counts.set(module.project.name, (counts.get(module.project.name) ?? 0) + ran);
    }
    const text = [...counts].map(([suite, tests]) => `${suite} ${tests}`).join(', ');
    // After the summary of the default reporter.
    setImmediate(() => process.stdout.write(`Tests that ran: ${text}\n`));
  }
}
