// The dashboard's screens with data in them, for tests of how they look.

import type { JobData, LetterData, LogEntry, OperationRow } from '../../src/tui/data.js';
import type { Model, Session } from '../../src/tui/model.js';
import type { EventView } from '../../src/services/why-job.js';
import { after, answered, groupRow, jobRow, jobsData, letterRow, modelAt, NOON, overviewData, press, typing, workerRow } from './tui-model.js';

export const SCREENS = ['overview', 'jobs', 'job', 'dead', 'letter', 'operations', 'workers', 'log', 'new-job', 'help', 'purge', 'filter'] as const;
export type ScreenName = (typeof SCREENS)[number];

/** Made where keys work, then brought to its size. */
export function screen(name: ScreenName, columns: number, rows: number, session: Partial<Session> = {}): Model {
  const made = screenOf(name, Math.max(60, columns), Math.max(15, rows), session);
  return after(made, { t: 'resize', size: { columns, rows } });
}

function screenOf(name: ScreenName, columns: number, rows: number, session: Partial<Session>): Model {
  const start = filled(modelAt(columns, rows, { session }));
  switch (name) {
    case 'overview':
      return start;
    case 'jobs':
      return press(withJobs(start), 'j', 'j', 'space').model;
    case 'job':
      return answered(press(withJobs(start), 'enter').model, 'job', jobData());
    case 'dead':
      return withDead(start);
    case 'letter':
      return answered(press(withDead(start), 'tab', 'enter').model, 'letter', letterData());
    case 'operations':
      return answered(press(withDead(start), 'o').model, 'operations', { operations: [operationRow()] });
    case 'workers':
      return press(start, '4').model;
    case 'log':
      return after(press(start, '5').model, { t: 'events', now: NOON + 5000, skipped: 3, entries: [logEntry(1), logEntry(2), logEntry(3)] });
    case 'new-job':
      return answered(press(start, 'n').model, 'types', { types: [{ type: 'echo', queue: 'evaluation-jobs', summary: 'Gives its payload back' }], queues: ['evaluation-jobs'] });
    case 'help':
      return press(withJobs(start), '?').model;
    case 'purge':
      return press(planned(press(withDead(start), 'P').model), ...typing('purge 20')).model;
    case 'filter':
      return press(withJobs(start), '/', ...typing('status = Failed and age > 1h')).model;
  }
}

export function filled(model: Model): Model {
  const workers = [workerRow(1), workerRow(2, { running: [], draining: true }), workerRow(7, { alive: false, heartbeatAt: NOON - 48_000 })];
  return answered(answered(model, 'overview', overviewData()), 'workers', { workers });
}

export function withJobs(model: Model): Model {
  return answered(press(model, '2').model, 'jobs', jobsData(200, 60));
}

export function withDead(model: Model): Model {
  const groups = answered(press(model, '3').model, 'groups', { groups: [groupRow(0), groupRow(1), groupRow(2)], scanned: 207, inQueues: 207, lookedAt: NOON });
  return answered(groups, 'letters', { letters: Array.from({ length: 9 }, (_, index) => letterRow(index)), more: true, lookedAt: NOON });
}

/** The answer to the plan that is being made. */
export function planned(model: Model, matched = 207): Model {
  const { dialog } = model;
  if (dialog?.kind !== 'wait') throw new Error('no plan is being made');
  const isPurge = dialog.title.startsWith('Purge');
  return after(model, {
    t: 'planned',
    token: dialog.token,
    at: model.now + 100,
    plan: {
      action: isPurge ? 'purge' : 'replay',
      operation: 'P4kt0p9m',
      queues: ['evaluation-jobs'],
      matched,
      acting: matched,
      lines: [{ text: `${matched} letters, 10m..20s old, 149KiB: ${matched} in evaluation-jobs`, tone: 'plain' }],
      details: [{ text: '881000  00000000  purge to trash', tone: 'plain' }],
      command: dialog.command ?? '',
    },
  });
}

const EVENTS: readonly (readonly [number, EventView['type'], EventView['status'], EventView['detail']])[] = [
  [-600_000, 'submitted', 'Queued', {}],
  [-599_700, 'started', 'Running', {}],
  [-569_700, 'retry-scheduled', 'Queued', { code: 'TIMEOUT', message: 'the service did not answer within 30,000 ms', retryAt: NOON - 560_000 }],
  [-560_000, 'started', 'Running', {}],
  [-530_000, 'dead-lettered', 'DeadLettered', { code: 'TIMEOUT', message: 'the service did not answer within 30,000 ms' }],
];

export function jobData(): JobData {
  const { jobId } = jobRow(196);
  const events = EVENTS.map(([offset, type, status, detail], index) => ({
    cursor: String(index),
    jobId,
    at: new Date(NOON + offset).toISOString(),
    type,
    status,
    jobType: 'evaluation',
    queue: 'evaluation-jobs',
    attempt: index > 2 ? 2 : 1,
    worker: type === 'started' ? 'worker-01' : null,
    detail,
  }));
  const error = { code: 'TIMEOUT', message: 'the service did not answer within 30,000 ms', retryable: true, at: new Date(NOON - 530_000).toISOString() };
  return {
    story: {
      job: {
        jobId,
        type: 'evaluation',
        status: 'DeadLettered',
        priority: 'normal',
        queue: 'evaluation-jobs',
        queueMode: 'local',
        userId: 'ada',
        origin: 'submit',
        createdAt: new Date(NOON - 600_000).toISOString(),
        updatedAt: new Date(NOON - 530_000).toISOString(),
        queuedAt: new Date(NOON - 600_000).toISOString(),
        startedAt: new Date(NOON - 560_000).toISOString(),
        finishedAt: new Date(NOON - 530_000).toISOString(),
        expiresAt: null,
        attempt: 2,
        maxAttempts: 2,
        nextAttemptAt: null,
        cancelRequestedAt: null,
        replayCount: 0,
        progress: null,
        payload: { url: 'https://example.org' },
        payloadRef: null,
        selectedKnowledgeSource: null,
        additionalInstructions: null,
        callbackUrl: null,
        result: null,
        resultRef: null,
        error,
        artifacts: [],
        parentJobId: null,
        children: null,
        idempotencyKey: null,
        labels: { team: 'search' },
        worker: 'worker-01',
        statusUrl: null,
        version: 6,
      },
      situation: 'It is dead-lettered after 2 attempts: TIMEOUT: the service did not answer within 30,000 ms.',
      events,
      message: null,
      worker: null,
      deadLetter: null,
      problem: null,
      next: [{ command: 'copiloteval retry 000000c4', purpose: 'queue it again with all its attempts' }],
    },
    payload: '{\n  "url": "https://example.org"\n}',
    result: null,
    logs: [{ line: 1, at: NOON - 560_000, level: 'warn', text: 'no answer yet' }],
  };
}

export function letterData(): LetterData {
  const { id: _id, deadSince: _deadSince, ...row } = letterRow(0);
  return {
    letter: { ...row, body: null, bodyEncoding: 'json', properties: { jobId: row.jobId ?? '', sequence: 3, storeId: 'store' } },
    body: '{\n  "jobId": "x",\n  "payload": {\n    "url": "https://example.org"\n  }\n}',
    changes: [{ text: 'as submitted', tone: 'good' }],
    job: { jobId: row.jobId ?? '', status: 'DeadLettered' },
  };
}

export function operationRow(): OperationRow {
  return {
    id: 'R4kt0p9m',
    at: NOON - 60_000,
    by: 'ada',
    what: 'replay --group G000000',
    reasonText: 'the service is back',
    state: 'partly',
    done: 68,
    skipped: 3,
    failed: 0,
    operation: null,
    counts: null,
    held: false,
  };
}

function logEntry(number: number): LogEntry {
  const { jobId } = jobRow(number);
  return { id: String(number), at: NOON + number * 1000, kind: 'started', status: 'Running', jobId, jobType: 'evaluation', worker: null, queue: 'evaluation-jobs', text: 'attempt 1  worker-01' };
}
