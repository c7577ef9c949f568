// `copiloteval worker list`: the workers that live, and what each is doing.

import { shortId } from '../../domain/ids.js';
import { formatCount, relativeTime } from '../../output/quantities.js';
import { printable } from '../../output/sanitize.js';
import { renderTable } from '../../output/table.js';
import { WORKER_GONE_AFTER_MS, type WorkerRecord } from '../../ports/worker-registry.js';
import { isoTime } from '../../services/job-view.js';
import { defineCommand, type CommandContext } from '../command.js';

export const workerListCommand = defineCommand({
  path: ['worker', 'list'],
  summary: 'List the workers and what they run',
  description: 'A worker that has not been heard of for 15 seconds is gone; its jobs run again when their locks end.',
  examples: ['copiloteval worker list', 'copiloteval worker list -o json'],
  run: (_args, _options, context) => runWorkerList(context),
});

async function runWorkerList(context: CommandContext): Promise<void> {
  const { io } = context;
  const runtime = await context.runtime();
  const now = runtime.clock.now();
  const workers = (await runtime.workers.list()).map((record) => viewWorker(record, now));
  io.print({ json: { workers }, lines: workers, text: () => (workers.length === 0 ? '' : tableText(workers, now, context)) });
  if (workers.length === 0) io.note('no worker is alive: start one with `copiloteval worker start`');
}

type WorkerState = 'running' | 'draining' | 'gone';

/** A worker as programs see it. */
export interface WorkerView extends Omit<WorkerRecord, 'startedAt' | 'heartbeatAt' | 'running' | 'draining'> {
  readonly state: WorkerState;
  readonly startedAt: string;
  readonly heartbeatAt: string;
  readonly running: readonly { readonly jobId: string; readonly type: string; readonly startedAt: string }[];
}

function viewWorker(record: WorkerRecord, now: number): WorkerView {
  const { workerId, host, pid, version, queues, types, concurrency, processed, failed, draining, heartbeatAt } = record;
  const gone = now - heartbeatAt > WORKER_GONE_AFTER_MS;
  return {
    workerId,
    state: gone ? 'gone' : draining ? 'draining' : 'running',
    host,
    pid,
    version,
    queues,
    types,
    concurrency,
    startedAt: isoTime(record.startedAt),
    heartbeatAt: isoTime(heartbeatAt),
    running: record.running.map((job) => ({ ...job, startedAt: isoTime(job.startedAt) })),
    processed,
    failed,
  };
}

function tableText(workers: readonly WorkerView[], now: number, { io }: CommandContext): string {
  const right = (header: string) => ({ header, align: 'right' }) as const;
  const paint: Record<WorkerState, (text: string) => string> = { running: io.style.green, draining: io.style.yellow, gone: io.style.red };
  return renderTable(
    {
      columns: [{ header: 'WORKER', flexible: true }, { header: 'STATE' }, { header: 'QUEUES', flexible: true }, ...['RUNNING', 'DONE', 'FAILED', 'STARTED'].map(right), { header: 'JOBS', flexible: true }],
      rows: workers.map((worker) => [
        printable(worker.workerId),
        { text: worker.state, paint: paint[worker.state] },
        printable(worker.queues.join(', ')),
        `${worker.running.length}/${worker.concurrency}`,
        formatCount(worker.processed),
        formatCount(worker.failed),
        relativeTime(Date.parse(worker.startedAt), now),
        printable(runningText(worker)),
      ]),
    },
    io,
  );
}

const SHOWN = 4;

function runningText({ running }: WorkerView): string {
  const shown = running.slice(0, SHOWN).map(({ jobId, type }) => `${type} ${shortId(jobId)}`);
  return running.length > SHOWN ? `${shown.join(', ')} and ${running.length - SHOWN} more` : shown.join(', ');
}
