import { defineConfig } from 'vitest/config';

// End-to-end tests in the machine's own Chromium. BASE_URL: a running server;
// without it, the built pages are served with the invented answers of e2e/fixtures.ts.
export default defineConfig({
  test: {
    include: ['e2e/**/*.e2e.ts'],
    testTimeout: 120_000,
    hookTimeout: 60_000,
    fileParallelism: false,
    retry: 0
  }
});
