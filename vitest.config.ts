// One run for everything under test/. The build's constants are put in place here too.

import { readFileSync } from 'node:fs';
import { defineConfig } from 'vitest/config';

const { version } = JSON.parse(readFileSync(new URL('package.json', import.meta.url), 'utf8')) as { version: string };

export default defineConfig({
  define: { __COPILOTEVAL_VERSION__: JSON.stringify(version) },
  test: {
    include: ['test/**/*.test.ts'],
    // Tests open SQLite files by themselves too.
    setupFiles: ['src/drivers/connection-sqlite/open-connection.ts'],
    // More than there are cores: most of the long tests wait, for locks that end, leases, and processes that were killed.
    maxWorkers: 4,
    testTimeout: 60_000,
    hookTimeout: 60_000,
  },
});
