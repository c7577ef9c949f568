// A worker that is told to end while Service Bus is away: nothing it holds, nothing to wait for.

import { once } from 'node:events';

import { expect, onTestFinished, test } from 'vitest';

import { startProgram } from '../support/built-program.js';
import { openEmulatorProcess } from '../support/emulator-process.js';
import { tempDir } from '../support/temp-dir.js';

/** Calls of the SDK that are left to themselves end after ten seconds and more. */
const SOON_MS = 6_000;

test.each(['SIGKILL', 'SIGSTOP'] as const)('ends soon after SIGTERM when the service was met by %s', { timeout: 60_000 }, async (fate) => {
  const emulator = await openEmulatorProcess({ directory: tempDir() });
  onTestFinished(() => emulator.kill());
  const env = { USE_SERVICE_BUS: 'true', AZURE_SERVICE_BUS_CONNECTION_STRING: emulator.connectionString, AZURE_SERVICE_BUS_ADMIN_ENDPOINT: emulator.adminEndpoint };
  const worker = startProgram(['worker', 'start', '--max-jobs', '5'], { cwd: tempDir(), env });
  onTestFinished(() => void worker.kill('SIGKILL'));
  let log = '';
  await new Promise<void>((resolve) => {
    worker.stderr.setEncoding('utf8').on('data', (text: string) => {
      log += text;
      if (log.includes('takes jobs')) resolve();
    });
  });
  process.kill(emulator.pid, fate);
  const ended = once(worker, 'exit');
  worker.kill('SIGTERM');
  const overdue = setTimeout(() => worker.kill('SIGKILL'), SOON_MS);
  expect(await ended).toEqual([0, null]);
  clearTimeout(overdue);
  expect(log.split('\n').filter((line) => line !== '' && !line.startsWith('{'))).toEqual([]);
});
