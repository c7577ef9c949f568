// A TCP port for a server that is killed and started again on it, or that is not there at all. The system gives ports of its
// ephemeral range to whoever asks for any port: a test beside this one would get it while its server is away, and answer
// in its place. So these are below that range, and tests that run at once draw from different parts.

import { once } from 'node:events';
import { createServer } from 'node:net';

/** Below the ephemeral ranges of Linux (from 32768) and of the others (from 49152). */
const FIRST = 12_000;
const PARTS = 8;
const PART_SIZE = 2_500;

const part = Number(process.env['VITEST_POOL_ID'] ?? process.pid) % PARTS;
/** By chance, for another run of the tests at the same time. */
let drawn = Math.floor(Math.random() * PART_SIZE);

/** Free at this moment on 127.0.0.1, and not given to another test that runs now. */
export async function freePort(): Promise<number> {
  for (;;) {
    drawn += 1;
    const port = FIRST + part * PART_SIZE + (drawn % PART_SIZE);
    if (await isFree(port)) return port;
  }
}

async function isFree(port: number): Promise<boolean> {
  const server = createServer();
  try {
    server.listen(port, '127.0.0.1');
    await once(server, 'listening');
  } catch {
    return false;
  }
  server.close();
  await once(server, 'close');
  return true;
}
