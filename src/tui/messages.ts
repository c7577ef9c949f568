// What happens to the dashboard (messages) and what it asks to be done (effects), both plain data.

import type { PayloadAssignment } from '../domain/dead-letters/payload-edit.js';
import type { JobStatus } from '../domain/job.js';
import type { LogEntry, Problem, SliceData, SliceName } from './data.js';
import type { DialogLine } from './dialogs.js';
import type { ColumnChoices, Session } from './model.js';
import type { NewJobRequest } from './new-job-form.js';
import type { Key, Size } from './terminal/terminal.js';

export type Msg =
  | { readonly t: 'key'; readonly key: Key; readonly at: number }
  | { readonly t: 'paste'; readonly text: string; readonly at: number }
  | { readonly t: 'resize'; readonly size: Size }
  | { readonly t: 'focus'; readonly focused: boolean; readonly at: number }
  /** Time has passed; `looked` are slices that were looked at and had not changed. */
  | { readonly t: 'tick'; readonly now: number; readonly looked: readonly Looked[] }
  | { readonly t: 'data'; readonly now: number; readonly updates: readonly SliceUpdate[] }
  | { readonly t: 'events'; readonly now: number; readonly entries: readonly LogEntry[]; readonly skipped: number }
  | { readonly t: 'note'; readonly at: number; readonly tone: 'good' | 'wait' | 'bad' | 'plain'; readonly text: string }
  | { readonly t: 'counted'; readonly token: number; readonly at: number; readonly counted: CountedJobs }
  | { readonly t: 'planned'; readonly token: number; readonly at: number; readonly plan: PlannedOperation }
  | { readonly t: 'prepare-failed'; readonly token: number; readonly at: number; readonly problem: Problem }
  | { readonly t: 'progress'; readonly token: number; readonly at: number; readonly done: number; readonly total: number; readonly failed: number; readonly waitingUntil: number | null }
  | { readonly t: 'done'; readonly token: number; readonly at: number; readonly outcome: Outcome }
  | { readonly t: 'opened-job'; readonly at: number; readonly jobId: string }
  | { readonly t: 'submitted'; readonly at: number; readonly jobId: string; readonly text: string }
  | { readonly t: 'form-text'; readonly at: number; readonly text: string }
  | { readonly t: 'form-problem'; readonly at: number; readonly text: string }
  | { readonly t: 'letter-edited'; readonly at: number; readonly edited: EditedLetter }
  /** Filters that are kept. */
  | { readonly t: 'filters'; readonly at: number; readonly filters: readonly string[]; readonly text: string }
  /** What drawing costs, as a line. */
  | { readonly t: 'perf'; readonly text: string }
  | { readonly t: 'switched'; readonly now: number; readonly session: Session; readonly problem: string | null };

export interface Looked {
  readonly slice: SliceName;
  readonly key: string;
  readonly at: number;
  readonly everyMs: number;
}

export type SliceUpdate = {
  readonly [S in SliceName]: {
    readonly slice: S;
    readonly key: string;
    readonly everyMs: number;
  } & ({ readonly ok: true; readonly data: SliceData[S] } | { readonly ok: false; readonly problem: Problem; readonly retryAt: number });
}[SliceName];

export type JobAction = 'cancel' | 'retry';
export type JobTarget = { readonly kind: 'ids'; readonly ids: readonly string[] } | { readonly kind: 'filter'; readonly where: string };

export interface CountedJobs {
  readonly action: JobAction;
  readonly matched: number;
  readonly byStatus: Readonly<Partial<Record<JobStatus, number>>>;
  readonly command: string;
}

/** Which dead letters. */
export type LetterTarget =
  | { readonly kind: 'all' }
  | { readonly kind: 'group'; readonly name: string }
  | { readonly kind: 'letters'; readonly letters: readonly { readonly queue: string; readonly sequenceNumber: string }[] };

export type PlanRequest =
  | {
      readonly action: 'replay' | 'purge';
      readonly queues: readonly string[];
      readonly target: LetterTarget;
      /** A where-expression that must hold too; empty: none. */
      readonly where: string;
      readonly edits: readonly PayloadAssignment[];
      readonly diff: readonly DialogLine[];
      /** Of a replay: another queue than the letters' own. */
      readonly toQueue: string | null;
      /** Null: as fast as it goes. */
      readonly ratePerSecond: number | null;
      readonly reasonText: string | null;
    }
  | { readonly action: 'restore'; readonly operation: string; readonly reasonText: string | null }
  | { readonly action: 'resume'; readonly operation: string; readonly of: 'replay' | 'purge' };

/** A change somebody wants to make, before its reason is known. */
export type Intent =
  | { readonly kind: 'plan'; readonly request: PlanRequest }
  | { readonly kind: 'jobs'; readonly action: JobAction; readonly target: JobTarget }
  | { readonly kind: 'plain'; readonly question: PlainQuestion };

/** A change that needs no preparation. */
export interface PlainQuestion {
  readonly title: string;
  readonly lines: readonly string[];
  readonly verb: string;
  /** The words behind the program's name. */
  readonly words: string;
  readonly change: { readonly t: 'drain-worker'; readonly workerId: string } | { readonly t: 'pause-queue' | 'resume-queue'; readonly queue: string } | { readonly t: 'submit'; readonly request: NewJobRequest };
}

export interface PlannedOperation {
  readonly action: 'replay' | 'purge' | 'restore';
  readonly operation: string;
  /** Those that have letters of the plan. */
  readonly queues: readonly string[];
  readonly matched: number;
  /** Letters that the confirmation will act on. */
  readonly acting: number;
  readonly lines: readonly DialogLine[];
  readonly details: readonly DialogLine[];
  readonly command: string;
}

export interface Outcome {
  /** One line for the flash. */
  readonly text: string;
  readonly tone: 'good' | 'wait' | 'bad';
  readonly title: string;
  readonly lines: readonly DialogLine[];
  readonly command: string | null;
  /** Everything was tried. */
  readonly complete: boolean;
}

export interface EditedLetter {
  readonly queue: string;
  readonly sequenceNumber: string;
  readonly edits: readonly PayloadAssignment[];
  readonly diff: readonly DialogLine[];
}

/** For the log of what operators change. */
export interface AuditNote {
  /** The words behind the program's name. */
  readonly what: string;
  readonly reasonText: string | null;
}

export type Effect =
  | { readonly t: 'quit'; readonly code: number }
  | { readonly t: 'bell' }
  | { readonly t: 'stop' }
  | { readonly t: 'copy'; readonly text: string }
  | { readonly t: 'count-jobs'; readonly token: number; readonly action: JobAction; readonly target: JobTarget; readonly command: string; readonly reasonText: string | null }
  | { readonly t: 'change-jobs'; readonly token: number }
  | { readonly t: 'plan'; readonly token: number; readonly request: PlanRequest; readonly command: string }
  | { readonly t: 'apply'; readonly token: number }
  /** Ends preparing, gives back what was prepared, or stops what is being applied after the letters at hand. */
  | { readonly t: 'drop'; readonly token: number }
  | { readonly t: 'halt'; readonly token: number }
  | { readonly t: 'drain-worker'; readonly workerId: string; readonly audit: AuditNote }
  | { readonly t: 'pause-queue'; readonly queue: string; readonly audit: AuditNote }
  | { readonly t: 'resume-queue'; readonly queue: string; readonly audit: AuditNote }
  | { readonly t: 'submit'; readonly request: NewJobRequest }
  | { readonly t: 'edit-payload'; readonly text: string }
  | { readonly t: 'edit-letter'; readonly queue: string; readonly sequenceNumber: string }
  | { readonly t: 'save-letters'; readonly queues: readonly string[]; readonly target: LetterTarget; readonly where: string; readonly path: string }
  | { readonly t: 'save-text'; readonly path: string; readonly text: string }
  /** Keeps a filter for other days, or gives it up. */
  | { readonly t: 'save-filter'; readonly filter: string; readonly keep: boolean }
  | { readonly t: 'save-columns'; readonly columns: ColumnChoices }
  | { readonly t: 'find-job'; readonly text: string }
  | { readonly t: 'switch-profile'; readonly name: string };

/** Effects that change jobs, messages, queues or workers: blocked in read-only mode, and only ever behind a confirmation. */
export const CHANGING_EFFECTS: ReadonlySet<Effect['t']> = new Set<Effect['t']>([
  'change-jobs',
  'apply',
  'drain-worker',
  'pause-queue',
  'resume-queue',
  'submit',
]);
