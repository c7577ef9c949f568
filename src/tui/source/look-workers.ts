// Workers by their heartbeats, with how fast each works.

import { WORKER_GONE_AFTER_MS, type WorkerRecord } from '../../ports/worker-registry.js';
import type { WorkerRow, WorkersData } from '../data.js';
import type { DashboardPorts } from './ports.js';

interface Sample {
  readonly at: number;
  readonly processed: number;
}

const WINDOW_MS = 60_000;
/** A rate over less than this is chance. */
const LEAST_SPAN_MS = 4_000;
const MINUTE = 60_000;

export class WorkersLooker {
  readonly #ports: Pick<DashboardPorts, 'workers' | 'clock'>;
  readonly #samples = new Map<string, readonly Sample[]>();

  constructor(ports: Pick<DashboardPorts, 'workers' | 'clock'>) {
    this.#ports = ports;
  }

  async look(): Promise<WorkersData> {
    const records = await this.#ports.workers.list();
    const now = this.#ports.clock.now();
    const known = new Set(records.map(({ workerId }) => workerId));
    for (const workerId of this.#samples.keys()) if (!known.has(workerId)) this.#samples.delete(workerId);
    return { workers: records.map((record) => this.#row(record, now)) };
  }

  #row(record: WorkerRecord, now: number): WorkerRow {
    const { heartbeatAt, processed } = record;
    const before = this.#samples.get(record.workerId) ?? [];
    const last = before.at(-1);
    const samples = last?.at === heartbeatAt ? before : [...before, { at: heartbeatAt, processed }].filter(({ at }) => heartbeatAt - at <= WINDOW_MS);
    this.#samples.set(record.workerId, samples);
    return {
      workerId: record.workerId,
      host: record.host,
      pid: record.pid,
      version: record.version,
      queues: record.queues,
      types: record.types,
      concurrency: record.concurrency,
      startedAt: record.startedAt,
      heartbeatAt,
      draining: record.draining,
      alive: now - heartbeatAt <= WORKER_GONE_AFTER_MS,
      running: record.running,
      processed,
      failed: record.failed,
      jobsPerMinute: rateOf(samples),
    };
  }
}

function rateOf(samples: readonly Sample[]): number | null {
  const [first] = samples;
  const last = samples.at(-1);
  if (first === undefined || last === undefined || last.at - first.at < LEAST_SPAN_MS) return null;
  return ((last.processed - first.processed) / (last.at - first.at)) * MINUTE;
}
