// The README's three lines: one job, on SQLite and on Service Bus.

import { spawn, spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { expect, onTestFinished, test } from 'vitest';
import { PROGRAM, programEnv } from '../support/built-program.js';
import { freePort } from '../support/free-port.js';
import { tempDir } from '../support/temp-dir.js';

const README = readFileSync(new URL('../../README.md', import.meta.url), 'utf8');

function linesOfReadme(): readonly string[] {
  const section = README.slice(README.indexOf('## The same job on Service Bus'));
  return (/```sh\n([\s\S]*?)```/.exec(section)?.[1] ?? '').trimEnd().split('\n');
}

/** As typed, but on ports that nobody uses: other tests have emulators too. */
test('the same job runs on SQLite and on Service Bus, with the same answer', { timeout: 60_000 }, async () => {
  const cwd = tempDir();
  const [port, adminPort] = [await freePort(), await freePort()];
  const env = { ...programEnv({ cwd }), AZURE_SERVICE_BUS_ADMIN_ENDPOINT: `http://localhost:${adminPort}` };
  const script = (line: string): string => line.replaceAll(/(?<=^|\s)copiloteval (?=submit|emulator)/g, `'${process.execPath}' '${PROGRAM}' `);
  const typed = (line: string): { status: number | null; stdout: string; stderr: string } => spawnSync('bash', ['-c', script(line)], { cwd, env, encoding: 'utf8' });
  const [onSqlite = '', emulator = '', onServiceBus = '', ...more] = linesOfReadme();
  expect(more).toEqual([]);

  const first = typed(onSqlite);
  expect(first).toMatchObject({ status: 0, stdout: expect.stringMatching(/^Succeeded {2}echo [\s\S]*"hello": "world"/) });
  const background = /^(copiloteval emulator start)( > connection\.txt) &$/.exec(emulator);
  expect(background, emulator).not.toBeNull();
  const process_ = spawn('bash', ['-c', script(`exec ${background?.[1] ?? ''} --port ${port} --admin-port ${adminPort}${background?.[2] ?? ''}`).replace('exec copiloteval', `exec '${process.execPath}' '${PROGRAM}'`)], { cwd, env, stdio: 'ignore' });
  onTestFinished(() => void process_.kill());
  await expect.poll(() => readFileSync(`${cwd}/connection.txt`, { encoding: 'utf8', flag: 'a+' }), { timeout: 20_000 }).toContain('Endpoint=sb://');

  const second = typed(onServiceBus);
  const shape = (text: string): string => text.replace(/\b[0-9a-f]{8}\b/g, '<id>').replace(/in \S+ \S+/g, 'in <time>');
  expect({ ...second, stdout: shape(second.stdout) }).toMatchObject({ status: 0, stdout: shape(first.stdout) });
  const list = typed('copiloteval list -o json'.replace('copiloteval', `'${process.execPath}' '${PROGRAM}'`));
  const jobs = (JSON.parse(list.stdout) as { jobs: { queueMode: string }[] }).jobs.map(({ queueMode }) => queueMode);
  expect(jobs).toEqual(['service_bus', 'local']);
});
