// Loaded before the program with --import: counts its operations on files (not those of the database) and kills it at
// one. A write at which it dies has written the first half. FILE_CRASH_AT=5 means the fifth operation, FILE_TRACE=file
// names them all.

import { appendFileSync } from 'node:fs';
import promises from 'node:fs/promises';
import { syncBuiltinESMExports } from 'node:module';
import { fileURLToPath } from 'node:url';

type Call = (this: unknown, ...args: unknown[]) => Promise<unknown>;

const crashAt = Number(process.env['FILE_CRASH_AT'] ?? '0');
const trace = process.env['FILE_TRACE'];
let operations = 0;

const handle = await promises.open(fileURLToPath(import.meta.url), 'r');
const ofHandles = Object.getPrototypeOf(handle) as Record<string, Call>;
await handle.close();
for (const name of ['writeFile', 'write', 'appendFile', 'sync', 'datasync', 'truncate']) replace(ofHandles, name);
const ofPaths = promises as unknown as Record<string, Call>;
for (const name of ['mkdir', 'rename', 'rm', 'unlink', 'link', 'writeFile']) replace(ofPaths, name);
syncBuiltinESMExports();

function replace(owner: Record<string, Call>, name: string): void {
  const original = owner[name];
  if (original === undefined) return;
  owner[name] = async function (this: unknown, ...args: unknown[]) {
    operations += 1;
    if (trace !== undefined) appendFileSync(trace, `${name}\n`);
    if (operations === crashAt) {
      const [content] = args;
      if (content instanceof Uint8Array) await original.call(this, content.subarray(0, Math.ceil(content.length / 2)));
      process.kill(process.pid, 'SIGKILL');
      await new Promise(() => setInterval(() => undefined, 1000));
    }
    return original.apply(this, args);
  };
}
