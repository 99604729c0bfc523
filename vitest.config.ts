import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';
import { SuiteCounts } from './test/support/suite-counts.js';
import { filesOf, type Suite } from './test/support/suites.js';

const ROOT = fileURLToPath(new URL('.', import.meta.url));
const project = (name: Suite, settings: object, further: readonly string[] = []) => ({
  extends: true as const,
  // The files of a worker share their modules: loading those anew for each file would take most of the time.
  test: { name, include: [...filesOf(name, ROOT), ...further], isolate: false, ...settings },
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
    projects: [project('unit', UNIT), project('parity', WAITING), project('cluster', WAITING, ['examples/**/*.test.mjs'])],
  },
});
