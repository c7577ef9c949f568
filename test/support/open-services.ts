// The whole backend in a fresh directory, with what services ask for besides it, and a clock that a test can move.

import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { AppError } from '../../src/domain/errors.js';
import { nearest } from '../../src/domain/nearest.js';
import { findJobType, JOB_TYPES, QUEUES } from '../../src/domain/queue-registry.js';
import { FsBlobStore } from '../../src/drivers/blob-fs/fs-blob-store.js';
import { openSqliteBackend } from '../../src/drivers/sqlite/open-sqlite.js';
import type { Backend } from '../../src/ports/backend.js';
import { systemClock, type Clock } from '../../src/ports/clock.js';
import { createJobIds } from '../../src/services/job-ids.js';
import type { JobType, JobTypes } from '../../src/services/job-types.js';
import { tempDir } from './temp-dir.js';

export interface TestServices extends Backend {
  readonly source: 'sqlite';
  readonly jobTypes: JobTypes;
  readonly newJobId: () => string;
  readonly publicBaseUrl: string | null;
  readonly dataDir: string;
  /** Moves the wall clock, forwards or back. */
  readonly step: (ms: number) => void;
}

/** Closed when the test has ended. */
export async function openServices(options: { readonly dataDir?: string; readonly publicBaseUrl?: string } = {}): Promise<TestServices> {
  const dataDir = options.dataDir ?? tempDir();
  let offset = 0;
  const clock: Clock = { ...systemClock, now: () => systemClock.now() + offset };
  const backend = await openSqliteBackend({ file: join(dataDir, 'copiloteval.db'), queues: QUEUES, clock, random: Math.random });
  onTestFinished(() => backend.close());
  return {
    ...backend,
    blobs: new FsBlobStore({ directory: join(dataDir, 'blobs'), clock }),
    clock,
    random: Math.random,
    source: 'sqlite',
    jobTypes: registryJobTypes,
    newJobId: createJobIds(clock),
    publicBaseUrl: options.publicBaseUrl ?? null,
    dataDir,
    step: (ms) => {
      offset += ms;
    },
  };
}

/** The registry's types; `sleep` refuses a payload without `ms`, everything else takes any. */
const registryJobTypes: JobTypes = {
  resolve: async (name) => {
    const definition = findJobType(name);
    if (definition !== undefined) return jobType(definition);
    const near = nearest(name, JOB_TYPES.map(({ type }) => type));
    throw new AppError('TYPE_UNKNOWN', `no job type is named ${name}`, near === undefined ? {} : { hint: `did you mean \`${near}\`?` });
  },
  all: async () => JOB_TYPES.map(jobType),
  queue: (name) => {
    const queue = QUEUES.find((candidate) => candidate.name === name);
    if (queue === undefined) throw new AppError('QUEUE_UNKNOWN', `no queue is named ${name}`);
    return queue;
  },
  queues: () => QUEUES,
};

function jobType({ type, queue, summary }: (typeof JOB_TYPES)[number]): JobType {
  return {
    type,
    queue,
    summary,
    handlerTimeoutMs: 60_000,
    checkPayload: async (payload) => {
      const ms = typeof payload === 'object' && payload !== null && 'ms' in payload ? payload.ms : undefined;
      if (type === 'sleep' && typeof ms !== 'number') throw new AppError('PAYLOAD_INVALID', 'sleep payload: ms: expected a number');
    },
  };
}
