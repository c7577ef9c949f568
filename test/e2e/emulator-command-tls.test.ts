// TLS as clients meet it that know nothing of the emulator: each in a process of its own, because Node reads whom it trusts at its start.

import { execFile } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

import { expect, test } from 'vitest';

import { localCertificate } from '../support/certificate.js';
import { openTestEmulator, TEST_KEY, type TestEmulator } from '../support/emulator.js';
import { tempDir } from '../support/temp-dir.js';

const CLIENT = fileURLToPath(new URL('fixtures/tls-client.mjs', import.meta.url));

interface World {
  readonly emulator: TestEmulator;
  readonly certificateFile: string;
}

async function open(): Promise<World> {
  const { cert, key } = await localCertificate();
  const certificateFile = join(tempDir(), 'cert.pem');
  writeFileSync(certificateFile, cert);
  return { emulator: await openTestEmulator({ tls: { port: 0, cert, key } }), certificateFile };
}

async function runClient(connectionString: string, trusts?: string): Promise<unknown> {
  const env = { PATH: process.env['PATH'], ...(trusts !== undefined && { NODE_EXTRA_CA_CERTS: trusts }) };
  const { stdout } = await promisify(execFile)(process.execPath, [CLIENT, connectionString], { env });
  return JSON.parse(stdout);
}

test('messages and administration go over one TLS address, with the connection string as it is printed', async () => {
  const { emulator, certificateFile } = await open();
  expect(await runClient(emulator.tlsConnectionStringOf(TEST_KEY), certificateFile)).toEqual({ bodies: [1, 2], totalMessageCount: 1 });
});

test('a client that does not trust the certificate gets nowhere', async () => {
  const { emulator } = await open();
  expect(await runClient(emulator.tlsConnectionStringOf(TEST_KEY))).toMatchObject({ error: expect.stringMatching(/self.signed|unable to verify/i) as string });
  expect(await emulator.catalog.get('over-tls')).toBeUndefined();
});

test('a wrong key is refused over TLS too', async () => {
  const { emulator, certificateFile } = await open();
  const wrong = emulator.tlsConnectionStringOf({ ...TEST_KEY, key: 'wrong' });
  expect(await runClient(wrong, certificateFile)).toMatchObject({ error: expect.stringContaining('UnauthorizedRequestError') as string });
});
