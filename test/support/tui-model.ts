// Models and data for tests of the dashboard: the same for the same numbers.

import type { DeadLetterView } from '../../src/services/dead-letters/letter-view.js';
import type { QueueStat } from '../../src/services/queue-stats.js';
import type { GroupRow, JobRow, JobsData, LetterRow, OverviewData, SliceData, SliceName, WorkerRow } from '../../src/tui/data.js';
import { initialModel } from '../../src/tui/initial-model.js';
import { interestKeys } from '../../src/tui/interest.js';
import type { Effect, Msg, SliceUpdate } from '../../src/tui/messages.js';
import type { Model, RootView, Session } from '../../src/tui/model.js';
import type { Key } from '../../src/tui/terminal/terminal.js';
import { update } from '../../src/tui/update/update.js';

export const NOON = Date.UTC(2026, 7, 1, 12);

export const SESSION: Session = {
  version: '1.2.3',
  profile: 'default',
  profiles: ['default', 'prod'],
  source: 'sqlite',
  place: 'copiloteval.db',
  production: false,
  readOnly: false,
  reasonRequired: false,
  maxAffected: null,
  userId: 'ada',
  bell: true,
  globalOptions: '',
  trashDays: 14,
  epoch: 1,
};

export function modelAt(columns: number, rows: number, change: { view?: RootView; filter?: string; session?: Partial<Session> } = {}): Model {
  return initialModel({
    session: { ...SESSION, ...change.session },
    look: { theme: 'mono', ascii: false },
    size: { columns, rows },
    now: NOON,
    view: change.view ?? 'overview',
    filter: change.filter ?? '',
  });
}

const NAMED = /^(space|enter|escape|tab|shift-tab|backspace|delete|up|down|left|right|home|end|pageup|pagedown|ctrl-.|alt-.)$/;

export function keyOf(name: string): Key {
  return { name, text: name === 'space' ? ' ' : NAMED.test(name) ? null : name };
}

/** Presses keys, half a second apart, and collects what they set off. */
export function press(model: Model, ...names: readonly string[]): { readonly model: Model; readonly effects: readonly Effect[] } {
  return names.reduce<{ model: Model; effects: readonly Effect[] }>(
    (state, name) => {
      const [next, effects] = update(state.model, { t: 'key', key: keyOf(name), at: state.model.now + 500 });
      return { model: next, effects: [...state.effects, ...effects] };
    },
    { model, effects: [] },
  );
}

/** Types a text, one key a character. */
export function typing(text: string): readonly string[] {
  return Array.from(text, (character) => (character === ' ' ? 'space' : character));
}

export function after(model: Model, ...messages: readonly Msg[]): Model {
  return messages.reduce((present, message) => update(present, message)[0], model);
}

/** The data as the answer to what the model asks for now. */
export function answered<S extends SliceName>(model: Model, slice: S, data: SliceData[S]): Model {
  const key = interestKeys(model).get(slice) ?? '';
  return after(model, { t: 'data', now: model.now + 100, updates: [{ slice, key, everyMs: 5000, ok: true, data } as SliceUpdate] });
}

export function jobRow(number: number, change: Partial<JobRow> = {}): JobRow {
  const statuses = ['Queued', 'Running', 'Succeeded', 'Failed', 'DeadLettered', 'Cancelled'] as const;
  return {
    jobId: `0198c0de-0000-7000-8000-${number.toString(16).padStart(12, '0')}`,
    type: ['echo', 'evaluation', 'http'][number % 3] ?? 'echo',
    status: statuses[number % 6] ?? 'Queued',
    priority: 'normal',
    queue: number % 2 === 0 ? 'evaluation-jobs' : 'scoring-jobs',
    userId: 'ada',
    attempt: number % 4,
    maxAttempts: 3,
    createdAt: NOON - 1_000_000 + number * 1000,
    nextAttemptAt: null,
    cancelRequested: false,
    worker: number % 6 === 1 ? 'worker-01' : null,
    note: number % 6 > 2 ? 'TIMEOUT: the service did not answer within 30,000 ms' : '',
    ...change,
  };
}

/** Jobs `newest`, `newest - 1`, …: so many of them. */
export function jobsData(newest: number, count: number, change: Partial<JobsData> = {}): JobsData {
  const rows = Array.from({ length: count }, (_, index) => jobRow(newest - index));
  return { rows, chunkCursors: ['c1', 'c2'], more: false, total: 100_412, fitting: null, searched: null, ...change };
}

export function queueStat(name: string, change: Partial<QueueStat> = {}): QueueStat {
  return {
    name,
    active: 4218,
    scheduled: 12,
    locked: 8,
    deadLetter: 96,
    oldestAgeMs: 125_000,
    paused: false,
    pausedAt: null,
    inPerMinute: 38.1,
    outPerMinute: 31.4,
    drainEtaMs: null,
    status: null,
    partial: null,
    ...change,
  };
}

export function overviewData(change: Partial<OverviewData> = {}): OverviewData {
  const curve = Array.from({ length: 120 }, (_, index) => Math.round(2000 + 2000 * Math.sin(index / 20)));
  return {
    stats: {
      at: new Date(NOON).toISOString(),
      source: 'sqlite',
      degraded: null,
      countedAt: new Date(NOON).toISOString(),
      problem: null,
      outbox: [],
      leftOnServiceBus: 0,
      queues: [
        queueStat('evaluation-jobs'),
        queueStat('scoring-jobs', { active: 912, scheduled: 0, locked: 4, deadLetter: 31, oldestAgeMs: 40_000, inPerMinute: 4, outPerMinute: 11.2, drainEtaMs: 7_600_000 }),
        queueStat('report-jobs', { active: 0, scheduled: 0, locked: 0, deadLetter: 0, oldestAgeMs: null, inPerMinute: 0, outPerMinute: 0, drainEtaMs: 0, paused: true }),
      ],
      jobs: { Queued: 5142, Running: 12, Succeeded: 94_871, Failed: 140, DeadLettered: 127, Cancelled: 120 },
      workers: 2,
    },
    trends: { 'evaluation-jobs': curve, 'scoring-jobs': [...curve].reverse(), 'report-jobs': curve.map(() => 0) },
    lastMinute: { 'evaluation-jobs': 402, 'scoring-jobs': -90 },
    deadGrowth: { 'evaluation-jobs': 96 },
    endedPerMinute: Array.from({ length: 30 }, (_, index) => 1500 + ((index * 37) % 400)),
    lifecycle: { accepted: 31_204, started: 30_988, succeeded: 29_871, failed: 12, deadLettered: 96, cancelled: 3, retrying: 740 },
    byType: [
      { type: 'evaluation', succeeded: 20_100, failed: 96 },
      { type: 'echo', succeeded: 9771, failed: 0 },
    ],
    runTimes: { p50: 1800, p95: 9200, p99: 31_000, jobs: 100 },
    causes: [{ cause: 'TIMEOUT: the service did not answer within <n> ms', queue: 'evaluation-jobs', count: 71, newestAt: NOON - 20_000, deadLettered: true }],
    cost: null,
    ...change,
  };
}

export function workerRow(number: number, change: Partial<WorkerRow> = {}): WorkerRow {
  return {
    workerId: `worker-0${number}`,
    host: 'host',
    pid: 4000 + number,
    version: '1.2.3',
    queues: ['evaluation-jobs'],
    types: ['echo', 'evaluation'],
    concurrency: 8,
    startedAt: NOON - 3_600_000,
    heartbeatAt: NOON - 1000,
    draining: false,
    alive: true,
    running: [{ jobId: jobRow(1).jobId, type: 'evaluation', startedAt: NOON - 12_000 }],
    processed: 1000,
    failed: 3,
    jobsPerMinute: 74.2,
    ...change,
  };
}

export function groupRow(number: number, change: Partial<GroupRow> = {}): GroupRow {
  return {
    name: `G00000${number}`,
    reason: ['ATTEMPTS_EXHAUSTED: TIMEOUT: the service did not answer within <n> ms', 'PAYLOAD_INVALID: <field> is missing', 'INVALID_MESSAGE: the body is not JSON'][number % 3] ?? '',
    count: 70 - number,
    firstSeenAt: NOON - 600_000,
    lastSeenAt: NOON - 20_000,
    types: ['evaluation'],
    queues: ['evaluation-jobs'],
    ...change,
  };
}

export function letterRow(number: number, change: Partial<LetterRow> = {}): LetterRow {
  const view: Omit<DeadLetterView, 'body' | 'bodyEncoding'> = {
    queue: 'evaluation-jobs',
    sequenceNumber: String(881_000 + number),
    messageId: `${jobRow(number).jobId}:3`,
    jobId: jobRow(number).jobId,
    type: 'evaluation',
    reason: 'ATTEMPTS_EXHAUSTED',
    description: 'TIMEOUT: the service did not answer within 30,000 ms',
    enqueuedAt: new Date(NOON - 700_000).toISOString(),
    deadLetteredAt: new Date(NOON - 60_000 * number).toISOString(),
    deliveryCount: 3,
    replayCount: 0,
    bytes: 2150,
  };
  return { ...view, id: `${view.queue} ${view.sequenceNumber}`, deadSince: NOON - 60_000 * number, ...change };
}
