// The dashboard in a pseudo terminal of 120×40, as a user has it: how soon it stands, how fast a key is answered while data
// changes, what it costs to leave open. Linux only: processor time and memory come from /proc.

import { type ChildProcess } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { loadavg } from 'node:os';
import { setTimeout as pause } from 'node:timers/promises';

import { spawn, type IPty } from 'node-pty';

import { createJob } from '../../src/domain/create-job.js';
import { submit } from '../../src/domain/lifecycle.js';
import { QUEUES } from '../../src/domain/queue-registry.js';
import { openSqliteBackend } from '../../src/drivers/sqlite/open-sqlite.js';
import { systemClock } from '../../src/ports/clock.js';
import { createJobIds } from '../../src/services/job-ids.js';
import { PROGRAM, runProgram, startProgram, withTempDir } from '../processes.js';
import { quantile, report } from '../report.js';

export interface DashboardSizes {
  readonly starts: number;
  readonly jobs: number;
  readonly keys: number;
  readonly seconds: number;
  /** Of the simulated hour: 14 400 are an hour at four frames a second. */
  readonly frames: number;
}

export async function benchDashboard(sizes: DashboardSizes): Promise<void> {
  await withTempDir(async (home) => {
    store(home, 60);
    await measureStart(home, sizes.starts);
    runProgram(['worker', 'start', '--drain', '--concurrency', '60'], { home });
    store(home, sizes.jobs);
    // One job after another, a quarter of a second each: every one changes counts, curves and rows.
    const worker = startProgram(['worker', 'start', '--concurrency', '1'], home);
    try {
      await measureKeys(home, sizes.keys);
      await measureLoad(home, sizes, worker);
      await measureHour(home, sizes.frames);
    } finally {
      worker.kill('SIGKILL');
    }
  });
}

function store(home: string, jobs: number): void {
  runProgram(['submit', '--from', '-'], { home, input: Array.from({ length: jobs }, () => '{"type":"sleep","payload":{"ms":245}}').join('\n') });
}

async function measureStart(home: string, starts: number): Promise<void> {
  const first: number[] = [];
  const real: number[] = [];
  for (let start = 0; start < starts; start += 1) {
    const began = performance.now();
    const running = open(home);
    await running.until((bytes) => bytes.length > 0);
    first.push(performance.now() - began);
    await running.until((bytes) => /evaluation-jobs.* 60 /.test(bytes));
    real.push(performance.now() - began);
    await running.close();
  }
  const note = busyNote();
  report({ what: 'dashboard: start to first bytes, p50', value: quantile(first, 0.5), unit: 'ms', goal: { atMost: 80 }, note });
  report({ what: 'dashboard: start to first frame with data, p50', value: quantile(real, 0.5), unit: 'ms', goal: { atMost: 220 }, note });
  report({ what: 'dashboard: start to first frame with data, p95', value: quantile(real, 0.95), unit: 'ms', goal: { atMost: 350 }, note });
}

async function measureKeys(home: string, keys: number): Promise<void> {
  const running = open(home, ENDED);
  await running.until((bytes) => bytes.includes('v Succeeded') && bytes.includes('\u001b[7m'));
  await pause(2_000);
  const waits: number[] = [];
  for (let key = 0; key < keys; key += 1) {
    // Not in step with the data.
    await pause(40 + ((key * 37) % 60));
    running.forget();
    const began = performance.now();
    running.pty.write(key % 30 < 15 ? 'j' : 'k');
    // The row that is selected now is written inverse.
    await running.until((bytes) => bytes.includes('\u001b[7m'));
    waits.push(performance.now() - began);
  }
  await running.close();
  const note = `${keys} keys in a list of jobs while four a second end; ${busyNote()}`;
  report({ what: 'dashboard: key to bytes, p50', value: quantile(waits, 0.5), unit: 'ms', goal: { atMost: 25 }, note });
  report({ what: 'dashboard: key to bytes, p95', value: quantile(waits, 0.95), unit: 'ms', goal: { atMost: 40 }, note });
  report({ what: 'dashboard: key to bytes, max', value: quantile(waits, 1), unit: 'ms', goal: { atMost: 80 }, note });
}

async function measureLoad(home: string, { seconds, jobs }: DashboardSizes, worker: ChildProcess): Promise<void> {
  const running = open(home, ENDED);
  await running.until((bytes) => bytes.includes('v Succeeded'));
  running.pty.write('1');
  await pause(5_000);
  const overview = await loadOf(running, seconds);
  reportLoad('overview: a few rows', overview, jobs, { cpu: 10, bytes: 1_200 });
  // All jobs, of which four a second are new.
  running.pty.write('2\u001b');
  const stop = new AbortController();
  const arriving = submitOften(home, stop.signal);
  const stretches: Load[] = [];
  for (let left = seconds; left > 0; left -= STRETCH_SECONDS) {
    running.pty.write('g');
    // The list stands still for a while after a key.
    await pause(STANDS_STILL_MS);
    stretches.push(await loadOf(running, Math.min(left, STRETCH_SECONDS)));
  }
  stop.abort();
  await arriving;
  reportLoad('jobs: all rows', sumOf(stretches), jobs, { cpu: 15, bytes: 8_000 });
  running.forget();
  running.pty.resize(121, 40);
  await running.until((bytes) => bytes.includes('\u001b[2J') && bytes.includes('\u001b[40;1H'));
  report({ what: 'dashboard: bytes of a whole frame', value: running.bytes().length, unit: 'bytes', goal: { atMost: 8_000 } });
  worker.kill('SIGKILL');
  // Its last beat is news for a while.
  await pause(Math.min(40_000, seconds * 1000));
  running.forget();
  const idle = await cpuPercent(running.pty.pid, seconds);
  const frames = running.bytes().split('\u001b[?2026h').length - 1;
  report({ what: 'dashboard: processor while nothing changes', value: idle, unit: '% of a core', goal: { atMost: 1 }, note: `${frames} frames and ${running.bytes().length} bytes in ${seconds} s` });
  await running.close();
}

/**
 * New rows come at the top, and all others move down until the cursor's row has come to the bottom of its 34 rows: then the
 * list stands. The rows of the time in which it stood still after a key come first, all at once.
 */
const STRETCH_SECONDS = 4;
const STANDS_STILL_MS = 3_500;

/** One job every quarter of a second, as one program submits it. */
async function submitOften(home: string, signal: AbortSignal): Promise<void> {
  const backend = await openSqliteBackend({ file: join(home, 'copiloteval.db'), queues: QUEUES, clock: systemClock, random: Math.random });
  const newJobId = createJobIds(systemClock);
  while (!signal.aborted) {
    const createdAt = systemClock.now();
    const settings = { queue: 'evaluation-jobs', userId: 'bench', priority: 'normal', origin: 'submit', ttlMs: 86_400_000, maxAttempts: 3 } as const;
    await backend.store.insert([submit(createJob({ jobId: newJobId(), type: 'sleep', payload: { ms: 245 }, createdAt, dueAt: createdAt, ...settings }))]);
    await pause(250);
  }
  await backend.close();
}

interface Load {
  readonly seconds: number;
  /** Processor time of the dashboard. */
  readonly busySeconds: number;
  readonly frames: number;
  readonly bytes: number;
}

async function loadOf(running: Running, seconds: number): Promise<Load> {
  running.forget();
  const cpu = await cpuPercent(running.pty.pid, seconds);
  return { seconds, busySeconds: (cpu / 100) * seconds, frames: running.bytes().split('\u001b[?2026h').length - 1, bytes: running.bytes().length };
}

function sumOf(loads: readonly Load[]): Load {
  const sum = (of: (load: Load) => number): number => loads.reduce((total, load) => total + of(load), 0);
  return { seconds: sum(({ seconds }) => seconds), busySeconds: sum(({ busySeconds }) => busySeconds), frames: sum(({ frames }) => frames), bytes: sum(({ bytes }) => bytes) };
}

function reportLoad(what: string, { seconds, busySeconds, frames, bytes }: Load, jobs: number, goal: { readonly cpu: number; readonly bytes: number }): void {
  const note = `${jobs} jobs stored, ${(frames / seconds).toFixed(1)} frames/s over ${seconds} s; ${busyNote()}`;
  report({ what: `dashboard: processor at four changes a second, ${what}`, value: (busySeconds / seconds) * 100, unit: '% of a core', goal: { atMost: goal.cpu }, note });
  report({ what: `dashboard: bytes per frame, ${what}`, value: bytes / Math.max(1, frames), unit: 'bytes', goal: { atMost: goal.bytes }, note });
}

/** On SIGUSR2 the process collects its garbage and writes how much is left. */
const PROBE = `
import v8 from 'node:v8'; import vm from 'node:vm'; import { appendFileSync } from 'node:fs';
v8.setFlagsFromString('--expose-gc');
const gc = vm.runInNewContext('gc');
process.on('SIGUSR2', () => { gc(); gc(); appendFileSync(process.env.PROBE_FILE, JSON.stringify(process.memoryUsage()) + '\\n'); });
`;
const SAMPLES = 24;

/** As many frames as an hour has at four a second, drawn at forty a second, on all views. */
async function measureHour(home: string, frames: number): Promise<void> {
  const probe = join(home, 'probe.mjs');
  const file = join(home, 'probe.jsonl');
  writeFileSync(probe, PROBE);
  writeFileSync(file, '');
  const running = open(home, [], { NODE_OPTIONS: `--import ${probe}`, PROBE_FILE: file });
  await running.until((bytes) => /evaluation-jobs/.test(bytes));
  const every = Math.max(1, Math.floor(frames / SAMPLES));
  for (let frame = 1; frame <= frames; frame += 1) {
    running.pty.write(frame % 200 === 0 ? String(1 + ((frame / 200) % 5)) : frame % 20 < 10 ? 'j' : 'k');
    await pause(25);
    if (frame % 1000 === 0) running.forget();
    if (frame % every === 0) await sample(running.pty.pid, file);
  }
  const samples = lines(file).map((line) => JSON.parse(line) as { heapUsed: number; rss: number });
  const half = samples.slice(Math.floor(samples.length / 2)).map(({ heapUsed }) => heapUsed / 1e6);
  const note = `${frames} keys, one frame each; ${samples.length} samples after a collection; ${busyNote()}`;
  report({ what: 'dashboard: heap growth, an hour of frames', value: slopePerSample(half) * (14_400 / every), unit: 'MB/h', goal: { atMost: 5 }, note });
  report({ what: 'dashboard: resident memory at the end', value: (samples.at(-1)?.rss ?? 0) / 1e6, unit: 'MB', goal: { atMost: 180 }, note });
  await running.close();
}

async function sample(pid: number, file: string): Promise<void> {
  const before = lines(file).length;
  process.kill(pid, 'SIGUSR2');
  while (lines(file).length === before) await pause(20);
}

function lines(file: string): string[] {
  return readFileSync(file, 'utf8').split('\n').filter((line) => line !== '');
}

/** Least squares. */
function slopePerSample(values: readonly number[]): number {
  const middle = (values.length - 1) / 2;
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  const above = values.reduce((sum, value, index) => sum + (index - middle) * (value - mean), 0);
  const below = values.reduce((sum, _value, index) => sum + (index - middle) ** 2, 0);
  return below === 0 ? 0 : above / below;
}

const GIVE_UP_MS = 30_000;

interface Running {
  readonly pty: IPty;
  /** Since the start or the last `forget`. */
  bytes(): string;
  forget(): void;
  until(fits: (bytes: string) => boolean): Promise<void>;
  close(): Promise<void>;
}

/** A list that gets a row four times a second. */
const ENDED = ['--view', 'jobs', '--filter', 'status = Succeeded'];

function open(home: string, args: readonly string[] = [], env: Readonly<Record<string, string>> = {}): Running {
  const { NO_COLOR: _noColor, ...inherited } = process.env;
  const pty = spawn(process.execPath, [PROGRAM, 'dashboard', ...args], {
    cols: 120,
    rows: 40,
    env: { ...inherited, TERM: 'xterm-256color', LANG: 'C.UTF-8', COPILOTEVAL_HOME: home, ...env },
  });
  const gone = new Promise<void>((resolve) => pty.onExit(() => resolve()));
  let bytes = '';
  let look: () => void = () => undefined;
  pty.onData((data) => {
    bytes += data;
    look();
  });
  return {
    pty,
    bytes: () => bytes,
    forget: () => (bytes = ''),
    until: (fits) =>
      new Promise((resolve, reject) => {
        const timer = setTimeout(() => reject(new Error(`the dashboard never showed what was waited for: ${JSON.stringify(bytes.slice(-4000))}`)), GIVE_UP_MS);
        look = () => {
          if (!fits(bytes)) return;
          look = () => undefined;
          clearTimeout(timer);
          resolve();
        };
        look();
      }),
    close: async () => {
      pty.write('\u0003');
      await gone;
    },
  };
}

/** User and system time of the process over a while. */
async function cpuPercent(pid: number, seconds: number): Promise<number> {
  const before = cpuTicks(pid);
  await pause(seconds * 1000);
  // 100 ticks a second (USER_HZ) on Linux, whatever the kernel's own rate.
  return ((cpuTicks(pid) - before) / 100 / seconds) * 100;
}

function cpuTicks(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').replace(/^.*\) /, '').split(' ');
  return Number(fields[11]) + Number(fields[12]);
}

/** Times on a machine that does something else as well are that machine's. */
function busyNote(): string {
  return `load of the machine ${loadavg()[0]?.toFixed(1) ?? '?'}`;
}
