// The program with one difference: it kills itself with SIGKILL at a chosen call of a port, before or after it.
// CRASH_AT=store.save#3:after means: when the third save has resolved, the process is gone. Nothing else is changed.

import { main } from '../../src/cli.js';
import type { SignalName } from '../../src/commands/signals.js';
import type { Config } from '../../src/config/config.js';
import { processStreams } from '../../src/output/streams.js';
import type { Delivery } from '../../src/ports/message-queue.js';
import { openRuntime, type Runtime } from '../../src/runtime.js';

const plan = readPlan(process.env['CRASH_AT']);
let calls = 0;

process.exitCode = await main({
  argv: process.argv.slice(2),
  streams: processStreams(process),
  env: process.env,
  cwd: process.cwd(),
  signals: {
    listen: (handler) => {
      const names: SignalName[] = ['SIGHUP', 'SIGINT', 'SIGTERM'];
      const listeners = names.map((name) => ({ name, listener: () => handler(name) }));
      for (const { name, listener } of listeners) process.on(name, listener);
      return () => {
        for (const { name, listener } of listeners) process.off(name, listener);
      };
    },
    endProcess: (name) => void process.kill(process.pid, name),
  },
  openRuntime: async (config: Config) => mined(await openRuntime(config)),
});

interface CrashPlan {
  readonly port: string;
  readonly method: string;
  readonly call: number;
  readonly when: 'before' | 'after';
}

function readPlan(text: string | undefined): CrashPlan | undefined {
  if (text === undefined || text === '') return undefined;
  const match = /^(\w+)\.(\w+)#(\d+):(before|after)$/.exec(text);
  if (match === null) throw new Error(`CRASH_AT is port.method#call:before|after, got ${text}`);
  return { port: match[1]!, method: match[2]!, call: Number(match[3]), when: match[4] as 'before' | 'after' };
}

function mined(runtime: Runtime): Runtime {
  if (plan === undefined) return runtime;
  return new Proxy(runtime, {
    get: (target, name) => {
      const port: unknown = Reflect.get(target, name);
      return typeof port === 'object' && port !== null ? minedPort(port, String(name)) : port;
    },
  });
}

function minedPort<T extends object>(port: T, name: string): T {
  return new Proxy(port, {
    get: (target, method) => {
      const member: unknown = Reflect.get(target, method, target);
      if (typeof member !== 'function') return member;
      return (...args: unknown[]) => call(target, member as (...all: unknown[]) => unknown, name, String(method), args);
    },
  });
}

function call(target: object, method: (...all: unknown[]) => unknown, port: string, name: string, args: unknown[]): unknown {
  const isStop = plan?.port === port && plan.method === name && (calls += 1) === plan.call;
  if (isStop && plan.when === 'before') die();
  const answer: unknown = method.apply(target, args);
  if (!(answer instanceof Promise)) return answer;
  return answer.then((value: unknown) => {
    if (isStop) die();
    return name === 'receive' ? (value as Delivery[]).map((delivery) => minedPort(delivery, 'delivery')) : value;
  });
}

function die(): never {
  process.kill(process.pid, 'SIGKILL');
  // The signal is on its way; nothing after this line may run.
  for (;;) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 1000);
}
