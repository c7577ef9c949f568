// One data directory with the processes that work in it: starts them, kills them, knows what they promised, and keeps
// everything as evidence when a test fails.

import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, cpSync, mkdirSync, mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import type { TestContext } from 'vitest';

import { until } from './until.js';

export interface Ended {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface StartOptions {
  /** CRASH_AT and STOP_AT of victim.ts. */
  readonly crashAt?: string;
  readonly stopAt?: string;
  readonly env?: Readonly<Record<string, string>>;
  readonly stdin?: string;
  /** Words before the program: a shell that sets a limit, an --import. */
  readonly nodeOptions?: readonly string[];
  readonly through?: (program: string, args: readonly string[]) => readonly [string, readonly string[]];
  /** A process that lives longer is killed, and that is an error. */
  readonly deadlineMs?: number;
}

/** Nothing of the machine's own settings; retries at once. */
const ENV = { LOG_LEVEL: 'info', AZURE_SERVICE_BUS_RETRY_DELAY: '0', COPILOTEVAL_USER: 'crash-test', TZ: 'UTC' };

export class Place {
  readonly root: string;
  /** COPILOTEVAL_HOME. */
  readonly dataDir: string;
  /** The path of the built victim. */
  readonly program: string;
  /** Ids that a `submit` has printed: from then on they cannot be lost. */
  readonly accepted = new Set<string>();
  readonly #onFinished: TestContext['onTestFinished'];
  readonly #running = new Set<Running>();
  #started = 0;
  #closed = false;

  private constructor(root: string, program: string, onFinished: TestContext['onTestFinished']) {
    this.root = root;
    this.dataDir = join(root, 'data');
    this.program = program;
    this.#onFinished = onFinished;
    onFinished(() => this.#end());
  }

  /** `program` comes from buildVictim. */
  static make(program: string, { onTestFinished }: Pick<TestContext, 'onTestFinished'>): Place {
    const place = new Place(mkdtempSync(join(tmpdir(), 'copiloteval-crash-')), program, onTestFinished);
    mkdirSync(place.dataDir);
    mkdirSync(join(place.root, 'log'));
    return place;
  }

  /** Another place with the same data. No process may run here now. */
  copy(): Place {
    if (this.#running.size > 0) throw new Error('a place with running processes cannot be copied');
    const copy = Place.make(this.program, { onTestFinished: this.#onFinished });
    cpSync(this.dataDir, copy.dataDir, { recursive: true });
    for (const jobId of this.accepted) copy.accepted.add(jobId);
    return copy;
  }

  file(name: string): string {
    return join(this.root, name);
  }

  get database(): string {
    return join(this.dataDir, 'copiloteval.db');
  }

  get environment(): Record<string, string> {
    return { ...ENV, PATH: process.env['PATH'] ?? '', HOME: this.root, COPILOTEVAL_HOME: this.dataDir };
  }

  start(args: readonly string[], options: StartOptions = {}): Running {
    this.#started += 1;
    const name = `${String(this.#started).padStart(3, '0')}-${args.slice(0, 2).join('-').replace(/\W+/g, '-')}`;
    const running = new Running(this, name, args, this.program, options);
    this.#running.add(running);
    void running.ended.finally(() => this.#running.delete(running)).catch(() => undefined);
    return running;
  }

  /** Runs to its end. */
  run(args: readonly string[], options: StartOptions = {}): Promise<Ended> {
    return this.start(args, options).ended;
  }

  /** Runs to its end, which must be exit code 0, and parses what it prints. */
  async json(args: readonly string[], options: StartOptions = {}): Promise<unknown> {
    const ended = await this.run([...args, '-o', 'json'], options);
    if (ended.code !== 0) throw new Error(`${args.join(' ')} ended with ${ended.code ?? ended.signal}: ${ended.stderr}${this.evidence}`);
    return JSON.parse(ended.stdout);
  }

  /** Where to look when something is wrong here. */
  get evidence(): string {
    return `\n  evidence: ${this.root} (logs in log/)\n  look: COPILOTEVAL_HOME=${this.dataDir} node bin/copiloteval.js list`;
  }

  /** Everything held: nothing is kept. */
  async discard(): Promise<void> {
    this.#closed = true;
    await this.#killAll();
    rmSync(this.root, { recursive: true, force: true, maxRetries: 5 });
  }

  /** A test that ended without discarding has failed: its place stays. */
  async #end(): Promise<void> {
    if (this.#closed) return;
    await this.#killAll();
    process.stderr.write(`${this.evidence}\n`);
  }

  async #killAll(): Promise<void> {
    const running = [...this.#running];
    for (const each of running) each.kill();
    await Promise.allSettled(running.map((each) => each.ended));
  }
}

/** One process. Its output goes to files, so that nothing is lost when it is killed. */
export class Running {
  /** Rejects when it outlived its deadline. */
  readonly ended: Promise<Ended>;
  readonly #child: ChildProcess;
  readonly #out: string;
  readonly #err: string;
  #hasEnded = false;

  constructor(place: Place, name: string, args: readonly string[], program: string, options: StartOptions) {
    this.#out = join(place.root, 'log', `${name}.out`);
    this.#err = join(place.root, 'log', `${name}.err`);
    const [file, words] = commandLine(program, args, options);
    const [out, err] = [openSync(this.#out, 'a'), openSync(this.#err, 'a')];
    const env = { ...place.environment, ...options.env, CRASH_AT: options.crashAt ?? '', STOP_AT: options.stopAt ?? '' };
    this.#child = spawn(file, words, { cwd: place.root, env, stdio: [options.stdin === undefined ? 'ignore' : 'pipe', out, err] });
    closeSync(out);
    closeSync(err);
    this.#child.stdin?.on('error', () => undefined);
    this.#child.stdin?.end(options.stdin);
    this.ended = this.#wait(place, `${name}: ${args.join(' ')}`, options.deadlineMs ?? 60_000);
    this.ended.catch(() => undefined);
  }

  get pid(): number {
    const { pid } = this.#child;
    if (pid === undefined) throw new Error('the process did not start');
    return pid;
  }

  get stdout(): string {
    return readFileSync(this.#out, 'utf8');
  }

  get stderr(): string {
    return readFileSync(this.#err, 'utf8');
  }

  get alive(): boolean {
    return !this.#hasEnded;
  }

  kill(signal: NodeJS.Signals = 'SIGKILL'): void {
    if (!this.#hasEnded) this.#child.kill(signal);
  }

  /** Resolves when standard error has the text. Fails when the process ends without it. */
  shows(text: string | RegExp, deadlineMs?: number): Promise<string> {
    return until(
      `${String(text)} on standard error`,
      () => {
        const ended = this.#hasEnded;
        const { stderr } = this;
        if (typeof text === 'string' ? stderr.includes(text) : text.test(stderr)) return stderr;
        if (ended) throw new Error(`the process ended without ${String(text)} on standard error: ${stderr}`);
        return undefined;
      },
      deadlineMs,
    );
  }

  async #wait(place: Place, what: string, deadlineMs: number): Promise<Ended> {
    let late = false;
    const timer = setTimeout(() => {
      late = true;
      this.#child.kill('SIGKILL');
    }, deadlineMs);
    const [code, signal] = await new Promise<[number | null, NodeJS.Signals | null]>((resolve, reject) => {
      this.#child.on('error', reject);
      this.#child.on('exit', (...how) => resolve(how));
    });
    clearTimeout(timer);
    this.#hasEnded = true;
    const ended = { code, signal, stdout: this.stdout, stderr: this.stderr };
    for (const [, jobId] of ended.stdout.matchAll(/"jobId": ?"([0-9a-f-]{36})"/g)) if (jobId !== undefined) place.accepted.add(jobId);
    if (late) throw new Error(`still running after ${deadlineMs} ms: ${what}${place.evidence}`);
    return ended;
  }
}

function commandLine(program: string, args: readonly string[], options: StartOptions): readonly [string, readonly string[]] {
  const words = [...(options.nodeOptions ?? []), program, ...args];
  return options.through === undefined ? [process.execPath, words] : options.through(process.execPath, words);
}
