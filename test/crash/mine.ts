// Puts itself between the program and its ports: counts the calls, writes them down, and kills or stops the process at one.

import { appendFileSync, writeSync } from 'node:fs';

import type { OperationFiles, Runtime } from '../../src/runtime.js';

/** `*` stands for every port or every method. */
interface CrashPlan {
  readonly port: string;
  readonly method: string;
  readonly call: number;
  readonly when: 'before' | 'after';
  /** SIGKILL, or SIGSTOP: then the process goes on after SIGCONT. */
  readonly signal: 'SIGKILL' | 'SIGSTOP';
}

/** What these calls give back is itself called: by the name under which its methods are counted. */
const NAMED_ANSWERS: Readonly<Record<string, string>> = {
  'queue.receive': 'delivery',
  'localQueue.receive': 'delivery',
  'journal.begin': 'lease',
  'journal.acquire': 'lease',
  'trash.open': 'trashWriter',
  'deadLetters.take': 'letter',
};

/** Called between awaits for a value, never a step on the way to a job's outcome. */
const NOT_COUNTED = new Set(['clock', 'jobTypes']);

export function mine(runtime: Runtime, env: NodeJS.ProcessEnv): Runtime {
  const plan = readPlan(env['CRASH_AT'], 'SIGKILL') ?? readPlan(env['STOP_AT'], 'SIGSTOP');
  const trace = env['CRASH_TRACE'];
  if (plan === undefined && trace === undefined) return runtime;
  const mines = new Mines(plan, trace);
  return new Proxy(runtime, {
    get: (target, name) => {
      const member: unknown = Reflect.get(target, name, target);
      if (name === 'operationFiles') return async () => mines.aroundEach(await target.operationFiles());
      if (typeof member === 'function') return (member as (...args: unknown[]) => unknown).bind(target);
      const isPort = typeof member === 'object' && member !== null && !Array.isArray(member) && !NOT_COUNTED.has(String(name));
      return isPort ? mines.around(member, String(name)) : member;
    },
  });
}

function readPlan(text: string | undefined, signal: CrashPlan['signal']): CrashPlan | undefined {
  if (text === undefined || text === '') return undefined;
  const match = /^(\w+|\*)\.(\w+|\*)#(\d+):(before|after)$/.exec(text);
  if (match === null) throw new Error(`a stop is port.method#call:before|after, got ${text}`);
  const [, port = '', method = '', call = '', when] = match;
  return { port, method, call: Number(call), when: when === 'before' ? 'before' : 'after', signal };
}

type Method = (...args: unknown[]) => unknown;

class Mines {
  readonly #plan: CrashPlan | undefined;
  readonly #trace: string | undefined;
  #calls = 0;

  constructor(plan: CrashPlan | undefined, trace: string | undefined) {
    this.#plan = plan;
    this.#trace = trace;
  }

  around<T extends object>(port: T, name: string): T {
    return new Proxy(port, {
      get: (target, key) => {
        const member: unknown = Reflect.get(target, key, target);
        if (typeof member !== 'function') return member;
        return (...args: unknown[]) => this.#call(`${name}.${String(key)}`, () => (member as Method).apply(target, args));
      },
    });
  }

  aroundEach(ports: OperationFiles): OperationFiles {
    return { journal: this.around(ports.journal, 'journal'), trash: this.around(ports.trash, 'trash'), audit: this.around(ports.audit, 'audit') };
  }

  #call(name: string, method: () => unknown): unknown {
    if (this.#trace !== undefined) appendFileSync(this.#trace, `${name}\n`);
    const plan = this.#isStop(name) ? this.#plan : undefined;
    if (plan?.when === 'before') halt(plan.signal);
    const answer = method();
    if (!(answer instanceof Promise)) {
      if (plan?.when === 'after') halt(plan.signal);
      return this.#named(name, answer);
    }
    // A call that fails (a lock lost on a slow machine) is a stop as well.
    const settled = plan?.when === 'after' ? answer.finally(() => halt(plan.signal)) : answer;
    return settled.then((value: unknown) => this.#named(name, value));
  }

  #isStop(name: string): boolean {
    if (this.#plan === undefined) return false;
    const { port, method, call } = this.#plan;
    const [calledPort, calledMethod] = name.split('.');
    if (port !== '*' && port !== calledPort) return false;
    if (method !== '*' && method !== calledMethod) return false;
    this.#calls += 1;
    return this.#calls === call;
  }

  #named(name: string, answer: unknown): unknown {
    const as = NAMED_ANSWERS[name];
    if (as === undefined || typeof answer !== 'object' || answer === null) return answer;
    if (Array.isArray(answer)) return answer.map((item: object) => this.around(item, as));
    return Symbol.asyncIterator in answer ? this.#each(answer as AsyncIterable<object>, as) : this.around(answer, as);
  }

  async *#each(items: AsyncIterable<object>, as: string): AsyncGenerator<object> {
    for await (const item of items) yield this.around(item, as);
  }
}

/** What a stopped process has written to standard error, so that a test knows. */
export const STOPPED = 'stopped by its test';

function halt(signal: CrashPlan['signal']): void {
  if (signal === 'SIGSTOP') writeSync(2, `${STOPPED}\n`);
  process.kill(process.pid, signal);
  // SIGKILL is on its way; nothing after this line may run.
  while (signal === 'SIGKILL') Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 1000);
}
