// What doctor says of a storage account that refuses: the service's answers, from a server that knows nothing else.

import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

import { expect, onTestFinished, test } from 'vitest';

import { checkBlobs } from '../../../../src/drivers/azure-blob/check-blobs.js';
import { systemClock } from '../../../../src/ports/clock.js';

async function refusing(code: string): Promise<string> {
  const server = createServer((request, response) => {
    request.resume();
    response.writeHead(403, { 'x-ms-error-code': code }).end();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => void server.close());
  return `DefaultEndpointsProtocol=http;AccountName=contoso;AccountKey=Yg==;BlobEndpoint=http://127.0.0.1:${(server.address() as AddressInfo).port}/contoso;`;
}

test.each([
  ['AuthenticationFailed', /^take the connection string of this account: `az storage account show-connection-string /],
  ['KeyBasedAuthenticationNotPermitted', /^keys are switched off for this account: unset AZURE_STORAGE_CONNECTION_STRING/],
])('a key that is refused with %s gets the remedy for that', async (code, remedy) => {
  const checks = await checkBlobs({ account: { connectionString: await refusing(code) }, container: 'files', clock: systemClock });
  expect(checks).toEqual([{ name: 'blob storage container', status: 'fail', detail: expect.stringContaining(`(${code}) [BLOB_UNAUTHORIZED]`), remedy: expect.stringMatching(remedy) }]);
});
