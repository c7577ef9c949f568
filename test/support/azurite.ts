// Azurite's blob service as a child process on a free port, in memory.

import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { fileURLToPath } from 'node:url';

import { freePort } from './free-port.js';

export interface Azurite {
  readonly connectionString: string;
  readonly url: string;
  stop(): Promise<void>;
}

const ACCOUNT = 'testaccount';

export interface AzuriteOptions {
  /** Serves https with this certificate and takes tokens, whose signatures nobody looks at. PEM files. */
  readonly tls?: { readonly keyFile: string; readonly certFile: string };
}

export async function startAzurite({ tls }: AzuriteOptions = {}): Promise<Azurite> {
  const port = await freePort();
  const key = randomBytes(32).toString('base64');
  const program = fileURLToPath(new URL('../../node_modules/azurite/dist/src/blob/main.js', import.meta.url));
  const identity = tls === undefined ? [] : ['--oauth', 'basic', '--cert', tls.certFile, '--key', tls.keyFile];
  const child = spawn(process.execPath, [program, ...identity, '--blobHost', '127.0.0.1', '--blobPort', String(port), '--inMemoryPersistence', '--disableTelemetry', '--silent'], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, AZURITE_ACCOUNTS: `${ACCOUNT}:${key}` },
  });
  const exited = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  let output = '';
  await new Promise<void>((resolve, reject) => {
    const read = (text: Buffer): void => {
      output += text.toString();
      if (output.includes('successfully listens on')) resolve();
    };
    child.stdout.on('data', read);
    child.stderr.on('data', read);
    void exited.then(() => reject(new Error(`azurite ended at once: ${output}`)));
  });
  const scheme = tls === undefined ? 'http' : 'https';
  const url = `${scheme}://127.0.0.1:${port}/${ACCOUNT}`;
  return {
    url,
    connectionString: `DefaultEndpointsProtocol=${scheme};AccountName=${ACCOUNT};AccountKey=${key};BlobEndpoint=${url};`,
    stop: async () => {
      child.kill('SIGINT');
      await exited;
    },
  };
}
