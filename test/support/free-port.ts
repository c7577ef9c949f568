// A TCP port for a server that is killed and started again on it, or that is not there at all. The system gives ports of its
// ephemeral range to whoever asks for any port: a test beside this one would get it while its server is away, and answer
// in its place.

import { once } from 'node:events';
import { createServer } from 'node:net';

/** Below the ephemeral ranges of Linux (from 32768) and of the others (from 49152). */
const FIRST = 12_000;
const PORTS = 20_000;

/** Drawn, so that tests which run at once do not ask for the same one; free at this moment on 127.0.0.1. */
export async function freePort(): Promise<number> {
  for (;;) {
    const port = FIRST + Math.floor(Math.random() * PORTS);
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
