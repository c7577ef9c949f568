// The dashboard before anything has happened.

import type { Look } from './theme.js';
import type { Size } from './terminal/terminal.js';
import { knownColumns } from './update/columns.js';
import { FIRST_LETTERS } from './update/places.js';
import { EMPTY_LIST, emptySlice, LIST_NAMES, type ListName, type ListState, type Model, type RootView, type Session } from './model.js';

/** What is kept from one day to the next. */
export interface SavedChoices {
  readonly filters: readonly string[];
  /** By name; another version of the program may know others. */
  readonly columns: Readonly<Record<string, string>>;
}

const NOTHING_SAVED: SavedChoices = { filters: [], columns: {} };

export interface Start {
  readonly session: Session;
  readonly look: Look;
  readonly size: Size;
  readonly now: number;
  readonly view: RootView;
  readonly filter: string;
  readonly saved?: SavedChoices;
}

export function initialModel({ session, look, size, now, view, filter, saved = NOTHING_SAVED }: Start): Model {
  return {
    session,
    look,
    now,
    size,
    pace: { paused: false, scale: 1, focused: true, lastKeyAt: now, everyMs: null, refreshes: 0 },
    places: [{ view }],
    lastRoot: null,
    lists: Object.fromEntries(LIST_NAMES.map((name) => [name, EMPTY_LIST])) as Record<ListName, ListState>,
    queueSort: 'depth',
    queueOrder: [],
    queueFilter: '',
    workerSort: 'state',
    workerOrder: [],
    jobs: { filter: view === 'dead' ? '' : filter, sort: 'created', columns: knownColumns(saved.columns), anchors: [], held: null, allMarked: false },
    dead: { queue: null, filter: view === 'dead' ? filter : '', focus: 'groups', limit: FIRST_LETTERS },
    slices: initialSlices(now),
    log: { entries: [], follow: true, skipped: 0, filter: '' },
    savedFilters: saved.filters,
    perf: null,
    wraps: true,
    help: null,
    dialog: null,
    prompt: null,
    pending: null,
    flash: null,
    untold: null,
    running: null,
    watched: [],
    lastCommand: null,
    nextToken: 1,
    ended: false,
  };
}

export function initialSlices(now: number): Model['slices'] {
  return {
    overview: emptySlice(now),
    jobs: emptySlice(now),
    job: emptySlice(now),
    groups: emptySlice(now),
    letters: emptySlice(now),
    letter: emptySlice(now),
    workers: emptySlice(now),
    operations: emptySlice(now),
    operation: emptySlice(now),
    types: emptySlice(now),
  };
}
