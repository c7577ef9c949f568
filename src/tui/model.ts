// The whole state of the dashboard as plain data. update/ changes it, view/ draws it, interest.ts says what it needs.

import type { Size } from './terminal/terminal.js';
import type { JobStatus } from '../domain/job.js';
import type { LogEntry, Problem, SliceData, SliceName } from './data.js';
import type { Look } from './theme.js';
import type { Dialog } from './dialogs.js';
import type { Effect, Intent } from './messages.js';
import type { NewJobForm } from './new-job-form.js';


export interface Model {
  readonly session: Session;
  readonly look: Look;
  /** Of the newest message: no part of the model reads a clock. */
  readonly now: number;
  readonly size: Size;
  readonly pace: Pace;
  /** The first is a root view, the last is shown. */
  readonly places: readonly Place[];
  readonly lastRoot: RootView | null;
  readonly lists: Readonly<Record<ListName, ListState>>;
  readonly queueSort: QueueSort;
  /** Queues as they stand on the screen: their numbers change all the time, their places only while nobody moves. */
  readonly queueOrder: readonly string[];
  /** As the operator ~ takes it: with `*` or `?` the whole name, else a part of it; empty: every queue. */
  readonly queueFilter: string;
  readonly workerSort: WorkerSort;
  /** As for the queues. */
  readonly workerOrder: readonly string[];
  readonly jobs: JobsView;
  readonly dead: DeadView;
  readonly slices: { readonly [S in SliceName]: Slice<S> };
  readonly log: LogView;
  /** Kept from one day to the next, for jobs and dead letters. */
  readonly savedFilters: readonly string[];
  /** What drawing costs, as a line; null: not shown. */
  readonly perf: string | null;
  /** Long lines of payloads, results and bodies are broken, not cut. */
  readonly wraps: boolean;
  readonly help: HelpView | null;
  readonly dialog: Dialog | null;
  readonly prompt: Prompt | null;
  /** What goes on when the prompt for a reason or a path is answered. */
  readonly pending: Pending | null;
  readonly flash: Flash | null;
  /** Jobs that were dead-lettered while the line above the keys was in use. */
  readonly untold: Untold | null;
  /** An operation on many jobs or letters that goes on while the screen stays in use. */
  readonly running: RunningOperation | null;
  /** Jobs whose end is told of, wherever one looks. */
  readonly watched: readonly string[];
  /** The last command line that does what was done here; `c` copies it. */
  readonly lastCommand: string | null;
  readonly nextToken: number;
  readonly ended: boolean;
}

/** What does not change while a profile is open. */
export interface Session {
  readonly version: string;
  readonly profile: string;
  readonly profiles: readonly string[];
  /** `sqlite`, `service-bus`. */
  readonly source: string;
  /** The file or the namespace, for row 1. */
  readonly place: string;
  readonly production: boolean;
  readonly readOnly: boolean;
  /** Every change asks for its reason. */
  readonly reasonRequired: boolean;
  /** At most so many letters or jobs in one operation; null: any number. */
  readonly maxAffected: number | null;
  readonly userId: string;
  readonly bell: boolean;
  /** Global options that the command lines shown need to mean the same, such as `--profile x`. */
  readonly globalOptions: string;
  readonly trashDays: number;
  /** Number of the opened profile: results of an earlier one are dropped. */
  readonly epoch: number;
}

export interface Pace {
  readonly paused: boolean;
  /** Multiplies all intervals. */
  readonly scale: number;
  readonly focused: boolean;
  readonly lastKeyAt: number;
  /** Looks as fast as the user set it by `:every`; null: as the slices say. */
  readonly everyMs: number | null;
  /** Grows with each `r`: slices look again at once. */
  readonly refreshes: number;
}

export const ROOT_VIEWS = ['overview', 'jobs', 'dead', 'workers', 'log'] as const;
export type RootView = (typeof ROOT_VIEWS)[number];

export type Place =
  | { readonly view: RootView }
  | { readonly view: 'job'; readonly jobId: string; readonly section: JobSection; readonly scroll: number; readonly found: Found | null }
  | { readonly view: 'letter'; readonly queue: string; readonly sequenceNumber: string; readonly section: LetterSection; readonly scroll: number; readonly found: Found | null }
  | { readonly view: 'operations' }
  | { readonly view: 'operation'; readonly id: string }
  | { readonly view: 'new-job'; readonly form: NewJobForm };
export type ViewName = Place['view'];

/** What is looked for in a job or a message, in whichever section. */
export interface Found {
  readonly text: string;
  /** Where the cursor of the search is; null: nowhere yet. */
  readonly row: number | null;
}

export const JOB_SECTIONS = ['timeline', 'payload', 'result', 'error', 'logs', 'artifacts'] as const;
export type JobSection = (typeof JOB_SECTIONS)[number];
export const LETTER_SECTIONS = ['body', 'headers', 'error', 'diff'] as const;
export type LetterSection = (typeof LETTER_SECTIONS)[number];

export const LIST_NAMES = ['overview', 'jobs', 'groups', 'letters', 'workers', 'log', 'operations', 'operation'] as const;
export type ListName = (typeof LIST_NAMES)[number];

/** Places are kept by id: data may change under them. */
export interface ListState {
  readonly selected: string | null;
  /** Where the selected row was last seen; the place to stay at when it goes. */
  readonly index: number;
  /** First visible row. */
  readonly top: number;
  readonly marks: readonly string[];
  readonly movedAt: number;
}

export const QUEUE_SORTS = ['depth', 'name', 'dead'] as const;
export type QueueSort = (typeof QUEUE_SORTS)[number];

export const WORKER_SORTS = ['state', 'name', 'busy', 'jobs/min', 'failures'] as const;
export type WorkerSort = (typeof WORKER_SORTS)[number];

export const JOB_SORTS = ['created', 'status', 'type', 'queue', 'attempt'] as const;
export type JobSort = (typeof JOB_SORTS)[number];

/** Columns of the list of jobs that can be chosen; the id and the status are always there. */
export const JOB_COLUMNS = ['queue', 'type', 'try', 'age', 'priority', 'worker', 'user', 'note'] as const;
export type JobColumn = (typeof JOB_COLUMNS)[number];
/** A column that is not named comes and goes with the width of the screen. */
export type ColumnChoices = Readonly<Partial<Record<JobColumn, 'shown' | 'hidden'>>>;

export interface JobsView {
  /** A where-expression; empty: every job. */
  readonly filter: string;
  readonly sort: JobSort;
  readonly columns: ColumnChoices;
  /** Cursors in front of the windows above; the last one is where the present window begins. */
  readonly anchors: readonly string[];
  /** Rows that came while the list was frozen. */
  readonly held: SliceData['jobs'] | null;
  /** `*` twice: an action means every job that fits the filter, not only the loaded ones. */
  readonly allMarked: boolean;
}

export interface DeadView {
  /** Null: all queues. */
  readonly queue: string | null;
  readonly filter: string;
  readonly focus: 'groups' | 'letters';
  /** How many letters to look at; grows by `f`. */
  readonly limit: number;
}

export interface Slice<S extends SliceName> {
  /** Of the interest this is the answer to; another key means that the answer is on its way. */
  readonly key: string;
  readonly data: SliceData[S] | null;
  /** When it was last looked at with success. */
  readonly at: number;
  readonly state: 'loading' | 'ok' | 'error';
  readonly problem: Problem | null;
  readonly retryAt: number | null;
  /** How often it is looked at now, for row 1. */
  readonly everyMs: number;
}

export interface LogView {
  readonly entries: readonly LogEntry[];
  /** Stays at the newest entry. */
  readonly follow: boolean;
  /** Events that came too fast to be read. */
  readonly skipped: number;
  readonly filter: string;
}

export interface HelpView {
  readonly filter: string;
  readonly scroll: number;
}

export type PromptKind = 'filter' | 'command' | 'save' | 'reason';

export interface Prompt {
  readonly kind: PromptKind;
  readonly text: string;
  /** Graphemes before the cursor. */
  readonly cursor: number;
  readonly problem: string | null;
}

export type Pending =
  | { readonly kind: 'reason'; readonly intent: Intent }
  | { readonly kind: 'save'; readonly effect: Extract<Effect, { readonly t: 'save-letters' | 'save-text' }> };

export interface Flash {
  readonly tone: 'good' | 'wait' | 'bad' | 'plain';
  readonly text: string;
  readonly until: number;
}

export interface Untold {
  readonly count: number;
  /** Of the first one. */
  readonly jobId: string | null;
  readonly why: string;
}

export interface RunningOperation {
  readonly token: number;
  /** `Replaying`. */
  readonly verb: string;
  readonly done: number;
  readonly total: number;
  /** Of those done; they stay where they are. */
  readonly failed: number;
  readonly stopping: boolean;
  /** Locks of others that are waited for, until when. */
  readonly waitingUntil: number | null;
}

export const EMPTY_LIST: ListState = { selected: null, index: 0, top: 0, marks: [], movedAt: 0 };

export const STATUS_LOOKS: Readonly<Record<JobStatus, { readonly glyph: string; readonly tone: 'plain' | 'busy' | 'good' | 'wait' | 'bad' | 'muted' }>> = {
  Queued: { glyph: 'o', tone: 'plain' },
  Running: { glyph: '>', tone: 'busy' },
  Succeeded: { glyph: 'v', tone: 'good' },
  Failed: { glyph: '!', tone: 'bad' },
  DeadLettered: { glyph: 'x', tone: 'bad' },
  Cancelled: { glyph: '-', tone: 'muted' },
};

export function placeOf(model: Model): Place {
  const place = model.places.at(-1);
  if (place === undefined) throw new Error('the dashboard shows no place');
  return place;
}

export function rootOf(model: Model): RootView {
  const [root] = model.places;
  if (root === undefined || !isRoot(root)) throw new Error('the first place is no root view');
  return root.view;
}

export function isRoot(place: Place): place is { readonly view: RootView } {
  return ROOT_VIEWS.some((view) => view === place.view);
}

export function emptySlice<S extends SliceName>(now: number): Slice<S> {
  return { key: '', data: null, at: now, state: 'loading', problem: null, retryAt: null, everyMs: 0 };
}
