import { expect, test } from 'vitest';
import { runCli } from '../support/run-cli.js';

test('prints the version', async () => {
  const { code, stdout } = await runCli(['--version']);
  expect(code).toBe(0);
  expect(stdout).toMatch(/^\d+\.\d+\.\d+\n$/);
});
