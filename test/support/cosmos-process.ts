// The Cosmos DB double as a process of its own, so that what works with it can be killed without it.

import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';

import { bundle } from './bundle.js';
import type { ServeOptions } from './cosmos-double/serve.js';

export interface CosmosProcess {
  readonly endpoint: string;
  readonly key: string;
  /** Requests by kind and verb, and the request units of the double's own tariff, so far. */
  figures(): Promise<{ readonly requests: Readonly<Record<string, number>>; readonly units: number }>;
  stop(): Promise<void>;
}

/** Resolves when it serves. The caller stops it. */
export async function openCosmosProcess(options: Partial<ServeOptions> = {}): Promise<CosmosProcess> {
  const program = await bundle("import './test/support/cosmos-double/serve.ts';", 'cosmos-double');
  const key = options.key ?? randomBytes(32).toString('base64');
  const child = spawn(process.execPath, [program, JSON.stringify({ ...options, key })], { stdio: ['ignore', 'pipe', 'inherit'] });
  const exited = new Promise<void>((resolve) => child.once('close', () => resolve()));
  let waiting: ((line: string) => void) | undefined;
  let text = '';
  child.stdout.setEncoding('utf8').on('data', (piece: string) => {
    text += piece;
    const end = text.indexOf('\n');
    if (end === -1 || waiting === undefined) return;
    const line = text.slice(0, end);
    text = text.slice(end + 1);
    waiting(line);
  });
  const next = (): Promise<string> => Promise.race([new Promise<string>((resolve) => (waiting = resolve)), exited.then(() => Promise.reject(new Error('the Cosmos DB double has ended')))]);
  const { endpoint } = JSON.parse(await next()) as { endpoint: string };
  return {
    endpoint,
    key,
    figures: async () => {
      const line = next();
      child.kill('SIGUSR2');
      return JSON.parse(await line) as Awaited<ReturnType<CosmosProcess['figures']>>;
    },
    stop: async () => {
      child.kill('SIGKILL');
      await exited;
    },
  };
}
