import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';
import { SuiteCounts } from './test/support/suite-counts.js';
import { filesOf, type Suite } from './test/support/suites.js';

const ROOT = fileURLToPath(new URL('.', import.meta.url));
const project = (name: Suite, further: readonly string[] = []) => ({
  extends: true as const,
  // Unit tests share their modules: loading those anew for each file would take most of the time.
  test: { name, include: [...filesOf(name, ROOT), ...further], isolate: name !== 'unit' },
});

export default defineConfig({
  test: {
    exclude: ['**/node_modules/**', '**/dist/**', '**/.bench/**', '**/redis-trib-local/**'],
    // Generous: a test that hangs is rare, a machine that is busy is not.
    testTimeout: 120_000,
    hookTimeout: 120_000,
    pool: 'forks',
    // More than two cores' worth: most suites wait for clusters to notice things.
    maxWorkers: 3,
    reporters: ['default', new SuiteCounts()],
    projects: [project('unit'), project('parity'), project('cluster', ['examples/**/*.test.mjs'])],
  },
});
