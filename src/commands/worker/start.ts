// `copiloteval worker start`: runs jobs until it is told to stop, or until none is left.

import { resolve } from 'node:path';

import { jobTypeSettings } from '../../config/job-type-settings.js';
import { counted, formatDuration } from '../../output/quantities.js';
import { printable } from '../../output/sanitize.js';
import type { Runtime } from '../../runtime.js';
import { countElsewhere } from '../../services/count-elsewhere.js';
import { VERSION } from '../../version.js';
import type { Worker } from '../../worker/worker.js';
import type { WorkerSummary } from '../../worker/worker-summary.js';
import { defineCommand, type CommandContext } from '../command.js';
import { decimal, duration, filePath, integer, nonEmpty } from '../option-parsers.js';
import { flag, option, repeated, type OptionValues } from '../option-specs.js';
import { leftText } from '../relay-text.js';
import { exitCodeOfSignal, type SignalName } from '../signals.js';

const options = {
  queue: repeated('--queue <name>', 'take jobs from this queue; repeat it for more (default: all)', { parser: nonEmpty() }),
  concurrency: option('--concurrency <n>', 'how many jobs run at once', { parser: integer({ min: 1, max: 1000 }), defaultText: 'the setting `concurrency`, 4' }),
  handlers: repeated('--handlers <module>', 'a module with job types of your own; repeat it for more', { parser: filePath() }),
  drain: flag('--drain', 'end when no work is left; jobs delayed by --at or --delay are not waited for'),
  maxJobs: option('--max-jobs <n>', 'end after this many jobs', { parser: integer({ min: 1 }) }),
  drainTimeout: option('--drain-timeout <duration>', 'after a signal, let running jobs go on this long', { parser: duration(), default: 25_000, defaultText: '25s' }),
  healthPort: option('--health-port <port>', 'answer /health, /ready and /metrics on this port', { parser: integer({ min: 0, max: 65_535 }) }),
  lockSeconds: option('--lock-seconds <n>', 'hold messages under a lock of this length, for drills', { parser: decimal({ min: 0.1, max: 3600 }) }),
};

export const workerStartCommand = defineCommand({
  path: ['worker', 'start'],
  summary: 'Run jobs',
  description:
    'The first SIGTERM or Ctrl-C drains: no more jobs are taken, running ones may end within --drain-timeout and are then given back. ' +
    'The second stops at once: the locks of what is held are left to expire, and those jobs then run again elsewhere.',
  examples: [
    'copiloteval worker start',
    'copiloteval worker start --drain',
    'copiloteval worker start --concurrency 16 --handlers ./handlers.mjs --health-port 8080',
  ],
  options,
  changes: true,
  run: runWorkerStart,
});

type Options = OptionValues<typeof options>;

async function runWorkerStart(_args: object, given: Options, context: CommandContext): Promise<number | void> {
  const worker = await openTheWorker(given, context);
  const health = given.healthPort === undefined ? undefined : await openHealth(worker, given.healthPort, context);
  let stoppedBy: SignalName | undefined;
  const giveBack = context.onSignal(({ name, count }) => {
    if (count === 1) {
      worker.drain(name);
    } else {
      stoppedBy = name;
      worker.stop(name);
    }
  });
  try {
    const summary = await worker.run();
    context.io.print({ json: summary, text: () => summaryText(summary) });
    return stoppedBy === undefined ? undefined : exitCodeOfSignal(stoppedBy);
  } finally {
    giveBack();
    await health?.close();
  }
}

async function openTheWorker(given: Options, context: CommandContext): Promise<Worker> {
  const { config, io, globals, cwd } = context;
  const runtime = await context.runtime();
  await warnOfLeftJobs(runtime, io);
  const { openWorker } = await import('../../worker/open-worker.js');
  const level = globals.quiet && config.logLevel !== 'silent' ? 'warn' : config.logLevel;
  return openWorker(runtime, {
    jobTypes: jobTypeSettings(config),
    version: VERSION,
    concurrency: given.concurrency ?? config.concurrency,
    retryBaseMs: config.retryBaseSeconds * 1000,
    log: { level, pretty: io.stderrIsTerminal && io.format === 'text' },
    queues: given.queue,
    handlers: given.handlers.map((path) => resolve(cwd, path)),
    endWhenDone: given.drain,
    maxJobs: given.maxJobs,
    drainTimeoutMs: given.drainTimeout,
    fallback: config.fallback,
    lockMs: given.lockSeconds === undefined ? undefined : given.lockSeconds * 1000,
  });
}

/** A worker of the local queue runs for ever beside jobs that it cannot see. */
async function warnOfLeftJobs({ source, elsewhere }: Runtime, io: CommandContext['io']): Promise<void> {
  if (source !== 'sqlite') return;
  const left = await countElsewhere(elsewhere);
  if (left > 0) io.warn(leftText(left));
}

async function openHealth(worker: Worker, port: number, { io }: CommandContext): Promise<{ close(): Promise<void> }> {
  const { startHealthServer } = await import('../../worker/health-server.js');
  const server = await startHealthServer(worker, port);
  io.note(`health: http://localhost:${server.port}/health`);
  return server;
}

function summaryText(summary: WorkerSummary): string {
  const { processed, succeeded, failed, deadLettered, cancelled, retried, delayed, paused, elapsedMs, jobsPerSecond } = summary;
  const parts = [
    `${succeeded} succeeded`,
    ...(failed > 0 ? [`${failed} failed`] : []),
    ...(deadLettered > 0 ? [`${deadLettered} dead-lettered`] : []),
    ...(cancelled > 0 ? [`${cancelled} cancelled`] : []),
    ...(retried > 0 ? [counted(retried, 'retry', 'retries')] : []),
  ];
  return [
    `${counted(processed, 'job')} in ${formatDuration(elapsedMs)} (${jobsPerSecond}/s): ${parts.join(', ')}`,
    ...(delayed > 0 ? [`${counted(delayed, 'job')} due later ${delayed === 1 ? 'waits' : 'wait'}`] : []),
    ...(paused.length > 0 ? [`paused, so left as ${paused.length === 1 ? 'it is' : 'they are'}: ${printable(paused.join(', '))}`] : []),
  ].join('\n');
}
