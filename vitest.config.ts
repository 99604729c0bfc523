import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    exclude: ['**/node_modules/**', '**/dist/**', '**/.bench/**', '**/redis-trib-local/**'],
    testTimeout: 30_000,
    hookTimeout: 60_000,
    pool: 'forks',
    // More than two cores' worth: most suites wait for clusters to notice things.
    maxWorkers: 3,
  },
});
