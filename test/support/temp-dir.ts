// A fresh directory for one test, removed after it.

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';

/** Call it inside a test; the directory is gone when the test has ended. */
export function tempDir(): string {
  const dir = mkdtempSync(join(tmpdir(), 'copiloteval-'));
  // A whole installed package has ten thousands of files.
  onTestFinished(() => rmSync(dir, { recursive: true, force: true, maxRetries: 5 }), 120_000);
  return dir;
}
