// One joined story of a job: its record, its message, its attempts, its worker, its dead letter, and what to do next.

import { AppError } from '../domain/errors.js';
import type { Job } from '../domain/job.js';
import type { JobEvent } from '../domain/job-event.js';
import { localQueueName } from '../domain/local-queue-name.js';
import { messageIdOf } from '../domain/message.js';
import type { Backend } from '../ports/backend.js';
import type { DeadLetter } from '../ports/dead-letter-queue.js';
import type { WorkerRecord } from '../ports/worker-registry.js';
import { isoTime, isoTimeOrNull, viewJob, type JobView } from './job-view.js';
import { findHoldUp, liveWorkers, type HoldUpPorts } from './wait-hold-up.js';
import { nextSteps, situationOf, type NextStep } from './why-next.js';

export interface JobStory {
  readonly job: JobView;
  /** Why it is where it is; one sentence. */
  readonly situation: string;
  readonly events: readonly EventView[];
  /** The newest message; null when none is out: the job has ended, or waits for its children. */
  readonly message: MessageView | null;
  readonly worker: WorkerView | null;
  readonly deadLetter: DeadLetterView | null;
  /** Why its dead letter could not be looked for. */
  readonly problem: ProblemView | null;
  /** Commands to type next, the most useful first. */
  readonly next: readonly NextStep[];
}

export interface EventView extends Omit<JobEvent, 'at'> {
  readonly at: string;
}

export interface MessageView {
  readonly queue: string;
  readonly messageId: string;
  readonly sequence: number;
  readonly state: 'unsent' | 'waiting' | 'scheduled' | 'locked';
  /** When it is due, for a scheduled one. */
  readonly dueAt: string | null;
  readonly lockedUntil: string | null;
  readonly brokerSequence: string | null;
}

export interface WorkerView {
  readonly workerId: string;
  readonly alive: boolean;
  readonly host: string | null;
  readonly pid: number | null;
  readonly heartbeatAt: string | null;
}

export interface ProblemView {
  readonly code: string;
  readonly message: string;
  readonly hint: string | null;
}

export interface DeadLetterView {
  readonly queue: string;
  readonly sequenceNumber: string;
  readonly messageId: string;
  readonly reason: string | null;
  readonly description: string | null;
  readonly deadLetteredAt: string | null;
}

export type WhyDeps = Pick<Backend, 'store' | 'events' | 'deadLetters'> & HoldUpPorts & {
  readonly publicBaseUrl: string | null;
};

export async function explainJob(deps: WhyDeps, job: Job): Promise<JobStory> {
  const now = deps.clock.now();
  const events = await allEvents(deps, job);
  const letterIsAway = deps.outbox === undefined && job.status === 'DeadLettered' && job.queueMode === 'service_bus';
  const looked = mayBeDead(job, events) && !letterIsAway ? await lookForLetter(deps, job) : {};
  const { deadLetter, problem } = looked;
  const worker = await workerOf(deps, job);
  const holdUp = await findHoldUp(deps, job);
  const facts = { job, now, holdUp, workerAlive: worker?.alive ?? false, deadLetter, problem, letterIsAway };
  return {
    job: viewJob(job, deps.publicBaseUrl),
    situation: situationOf(facts),
    events: events.map(viewEvent),
    message: viewMessage(job, now),
    worker,
    deadLetter: deadLetter === undefined ? null : viewDeadLetter(deadLetter),
    problem: problem === undefined ? null : { code: problem.code, message: problem.message, hint: problem.hint ?? null },
    next: nextSteps(facts),
  };
}

export function viewEvent(event: JobEvent): EventView {
  return { ...event, at: isoTime(event.at) };
}

const EVENT_PAGE = 1000;

async function allEvents(backend: Pick<Backend, 'events'>, job: Job): Promise<readonly JobEvent[]> {
  const events: JobEvent[] = [];
  for (let after: string | undefined; ; ) {
    const page = await backend.events.read({ jobId: job.jobId, limit: EVENT_PAGE, ...(after === undefined ? {} : { after }) });
    events.push(...page.events);
    if (page.events.length < EVENT_PAGE) return events;
    after = page.cursor;
  }
}

function viewMessage(job: Job, now: number): MessageView | null {
  const waiting = job.status === 'Queued' && !job.awaitsChildren;
  if (!waiting && job.delivery === null) return null;
  const dueAt = waiting && job.nextAttemptAt !== null && job.nextAttemptAt > now ? job.nextAttemptAt : null;
  const state = job.delivery !== null ? 'locked' : job.queueMode === 'pending' ? 'unsent' : dueAt === null ? 'waiting' : 'scheduled';
  return {
    queue: job.queue,
    messageId: messageIdOf(job.jobId, job.sequence),
    sequence: job.sequence,
    state,
    dueAt: isoTimeOrNull(dueAt),
    lockedUntil: isoTimeOrNull(job.delivery?.lockedUntil ?? null),
    brokerSequence: job.delivery?.brokerSequence ?? null,
  };
}

async function workerOf(backend: Pick<Backend, 'workers' | 'clock'>, job: Job): Promise<WorkerView | null> {
  if (job.worker === null) return null;
  const known: WorkerRecord | undefined = (await backend.workers.list()).find((record) => record.workerId === job.worker);
  const live = await liveWorkers(backend);
  return {
    workerId: job.worker,
    alive: live.some((record) => record.workerId === job.worker),
    host: known?.host ?? null,
    pid: known?.pid ?? null,
    heartbeatAt: isoTimeOrNull(known?.heartbeatAt ?? null),
  };
}

function mayBeDead(job: Job, events: readonly JobEvent[]): boolean {
  return job.status === 'DeadLettered' || events.some((event) => event.type === 'dead-lettered');
}

/** Another system that does not answer takes nothing from the rest of the story. */
async function lookForLetter(deps: WhyDeps, job: Job): Promise<{ deadLetter?: DeadLetter | undefined; problem?: AppError }> {
  // Beside another system, what failed on the store's own queue is in that one's dead letters.
  const queue = deps.outbox !== undefined && job.queueMode === 'local' ? localQueueName(job.queue) : job.queue;
  try {
    return { deadLetter: await findDeadLetter(deps, job, queue) };
  } catch (error) {
    if (deps.outbox === undefined || !(error instanceof AppError)) throw error;
    return { problem: error };
  }
}

const LETTER_PAGE = 500;
/** Looking further costs more than it tells; `dlq show` finds the letter with its number. */
const MAX_LETTERS_LOOKED_AT = 20_000;

async function findDeadLetter(backend: Pick<Backend, 'deadLetters'>, job: Job, queue: string): Promise<DeadLetter | undefined> {
  let cursor: string | null = null;
  let found: DeadLetter | undefined;
  for (let looked = 0; looked < MAX_LETTERS_LOOKED_AT; looked += LETTER_PAGE) {
    const page: Awaited<ReturnType<Backend['deadLetters']['peek']>> = await backend.deadLetters.peek({
      queue,
      limit: LETTER_PAGE,
      ...(cursor === null ? {} : { cursor }),
    });
    found = page.letters.findLast((letter) => letter.properties['jobId'] === job.jobId || letter.messageId.startsWith(job.jobId)) ?? found;
    cursor = page.nextCursor;
    if (cursor === null) break;
  }
  return found;
}

function viewDeadLetter(letter: DeadLetter): DeadLetterView {
  return {
    queue: letter.queue,
    sequenceNumber: letter.sequenceNumber,
    messageId: letter.messageId,
    reason: letter.reason,
    description: letter.description,
    deadLetteredAt: isoTimeOrNull(letter.deadLetteredAt),
  };
}
