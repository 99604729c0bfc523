import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';
import { SuiteCounts } from './test/support/suite-counts.js';
import { filesOf, type Suite } from './test/support/suites.js';

const ROOT = fileURLToPath(new URL('.', import.meta.url));
/** These measure the memory, the delays or the garbage collection of their own process, so each needs a new one. */
const MEASURING = /^test\/(server\/(net|persistence|fuzz|replication)|client|bench)\//;
const cluster = filesOf('cluster', ROOT);
const project = (name: Suite | 'cluster-isolated', include: readonly string[], settings: object) => ({
  extends: true as const,
  // The files of a worker share their modules: loading those anew for each file would take much of the time.
  test: { name, include: [...include], isolate: false, ...settings },
});
/** Unit tests need the CPU all the time: with more workers than cores the modules would only be loaded once more. */
const UNIT = { maxWorkers: 2, sequence: { groupOrder: 0 } };
/** More than two cores' worth: most of these tests wait for nodes. */
const WAITING = { maxWorkers: 3, sequence: { groupOrder: 1 } };

export default defineConfig({
  test: {
    exclude: ['**/node_modules/**', '**/dist/**', '**/.bench/**', '**/redis-trib-local/**'],
    // Long, because a busy machine is more frequent than a test that hangs.
    testTimeout: 120_000,
    hookTimeout: 120_000,
    pool: 'forks',
    reporters: ['default', new SuiteCounts()],
    projects: [
      project('unit', filesOf('unit', ROOT), UNIT),
      project('parity', filesOf('parity', ROOT), WAITING),
      project('cluster', [...cluster.filter((path) => !MEASURING.test(path)), 'examples/**/*.test.mjs'], WAITING),
      project('cluster-isolated', cluster.filter((path) => MEASURING.test(path)), { ...WAITING, isolate: true }),
    ],
  },
});
