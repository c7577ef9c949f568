// A job and its events as text for people. Everything that came from outside goes through printable().

import { shortId } from '../domain/ids.js';
import type { JobStatus, QueueMode } from '../domain/job.js';
import type { JsonObject } from '../domain/json.js';
import { detailFacts } from '../output/event-facts.js';
import type { Io } from '../output/io.js';
import { formatDuration, localTime, relativeTime } from '../output/quantities.js';
import { printable } from '../output/sanitize.js';
import { statusCell } from '../output/status-text.js';
import { renderFields, type Cell } from '../output/table.js';
import type { JobView } from '../services/job-view.js';

type Field = readonly [name: string, value: Cell];

/** The facts of a job that say something, one a line. */
export function jobFields(job: JobView, io: Io, now: number): string {
  return renderFields([...identityFields(job, io), ...timeFields(job, now), ...workFields(job, io), ...requestFields(job)], io);
}

function identityFields(job: JobView, io: Io): Field[] {
  return [
    ['job', { text: job.jobId, paint: io.style.bold }],
    ['type', job.type],
    ['status', statusCell(job.status, io)],
    ['queue', `${job.queue}${MODES[job.queueMode]}`],
    ['priority', job.priority],
    ['user', job.userId],
  ];
}

/** A queue that is the store's own needs no word. */
const MODES: Readonly<Record<QueueMode, string>> = { pending: ' (not sent yet)', service_bus: ' (Service Bus)', local: '' };

function timeFields(job: JobView, now: number): Field[] {
  const started = job.startedAt === null ? null : Date.parse(job.startedAt);
  const finished = job.finishedAt === null ? null : Date.parse(job.finishedAt);
  return [
    ['created', when(job.createdAt, now)],
    ...(job.startedAt === null ? [] : [['started', when(job.startedAt, now)] as const]),
    ...(job.finishedAt === null ? [] : [['finished', when(job.finishedAt, now)] as const]),
    ...(started === null || finished === null ? [] : [['ran', formatDuration(finished - started)] as const]),
    ...(job.status === 'Queued' && job.nextAttemptAt !== null ? [['starts', when(job.nextAttemptAt, now)] as const] : []),
    ...(job.expiresAt === null || finished !== null ? [] : [['expires', when(job.expiresAt, now)] as const]),
  ];
}

function workFields(job: JobView, io: Io): Field[] {
  const { progress, error, children } = job;
  return [
    ['attempt', `${job.attempt} of ${job.maxAttempts}${job.replayCount > 0 ? `, ${replayedText(job.replayCount)}` : ''}`],
    ...(job.worker === null ? [] : [['worker', job.worker] as const]),
    ...(job.cancelRequestedAt !== null && job.status === 'Running' ? [['cancel', 'asked for'] as const] : []),
    ...(progress === null ? [] : [['progress', progressText(progress)] as const]),
    ...(children === null ? [] : [['children', `${children.succeeded} succeeded, ${children.failed} failed, of ${children.expected}`] as const]),
    ...(job.parentJobId === null ? [] : [['parent', job.parentJobId] as const]),
    ...(error === null ? [] : [['error', { text: `${error.code}: ${error.message}`, paint: io.style.red }] as const]),
    ...(job.result === null ? [] : [['result', shortJson(job.result)] as const]),
    ...(job.resultRef === null ? [] : [['result', `${job.resultRef.bytes} bytes, see \`copiloteval results ${shortId(job.jobId)}\``] as const]),
    ...job.artifacts.map((artifact) => ['artifact', `${artifact.name} (${artifact.bytes} bytes)`] as const),
  ];
}

function requestFields(job: JobView): Field[] {
  const labels = Object.entries(job.labels).map(([key, value]) => `${key}=${value}`);
  return [
    ['payload', job.payloadRef === null ? shortJson(job.payload) : `${job.payloadRef.bytes} bytes, in the store`],
    ...(labels.length === 0 ? [] : [['labels', labels.join(' ')] as const]),
    ...(job.selectedKnowledgeSource === null ? [] : [['knowledge', job.selectedKnowledgeSource] as const]),
    ...(job.additionalInstructions === null ? [] : [['instructions', cut(job.additionalInstructions)] as const]),
    ...(job.callbackUrl === null ? [] : [['callback', job.callbackUrl] as const]),
    ...(job.idempotencyKey === null ? [] : [['id key', job.idempotencyKey] as const]),
    ...(job.statusUrl === null ? [] : [['address', job.statusUrl] as const]),
  ];
}

export function progressText(progress: NonNullable<JobView['progress']>): string {
  const { completed, total, message } = progress;
  const share = total === null || total === 0 ? `${completed}` : `${completed}/${total}`;
  return message === null ? share : `${share} ${printable(message)}`;
}

export interface EventLine {
  readonly at: string;
  readonly type: string;
  readonly status: JobStatus;
  readonly attempt: number;
  readonly worker: string | null;
  readonly detail: JsonObject;
}

/** `12:30:05  started  attempt 1  worker w1`: without the job, which the reader knows. */
export function eventText(event: EventLine, io: Io, now: number): string {
  const time = localTime(Date.parse(event.at));
  const clock = time.slice(0, 10) === localTime(now).slice(0, 10) ? time.slice(11, 19) : time.slice(0, 19);
  const facts = [
    ...(event.attempt > 0 && event.type === 'started' ? [`attempt ${event.attempt}`] : []),
    ...(event.worker !== null && event.type === 'started' ? [event.worker] : []),
    ...detailFacts(event.detail, Date.parse(event.at), formatDuration),
  ];
  const name = facts.length === 0 ? event.type : event.type.padEnd(15);
  return `${io.style.dim(clock)}  ${statusCell(event.status, io).paint(name)}${facts.length === 0 ? '' : `  ${printable(facts.join('  '))}`}`;
}

/** `replayed once`, `replayed 3 times`. */
export function replayedText(count: number): string {
  return count === 1 ? 'replayed once' : `replayed ${count} times`;
}

/** What a list shows in its last column: when it starts, why it failed, how far it is, or its labels. */
export function noteOf(job: JobView, now: number): string {
  const unsent = job.status === 'Queued' && job.queueMode === 'pending' && job.children === null;
  const note = stateNote(job, now);
  return unsent ? `not sent yet${note === '' ? '' : `, ${note}`}` : note;
}

function stateNote(job: JobView, now: number): string {
  const error = job.error === null || job.status === 'Succeeded' ? '' : `${job.error.code}: ${job.error.message}`;
  const startsAt = job.status !== 'Queued' || job.nextAttemptAt === null ? now : Date.parse(job.nextAttemptAt);
  if (startsAt > now) return `${error === '' ? 'starts' : 'next try'} ${relativeTime(startsAt, now)}${error === '' ? '' : `: ${error}`}`;
  if (error !== '') return error;
  if (job.progress !== null && job.status !== 'Succeeded') return progressText(job.progress);
  return Object.entries(job.labels).map(([key, value]) => `${key}=${value}`).join(' ');
}

function when(iso: string, now: number): string {
  const at = Date.parse(iso);
  return `${localTime(at)} (${relativeTime(at, now)})`;
}

function shortJson(value: unknown): string {
  return cut(JSON.stringify(value));
}

function cut(text: string): string {
  return text.length > 300 ? `${text.slice(0, 299)}…` : text;
}
