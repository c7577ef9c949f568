// What the visible screen needs to know. The source looks after exactly this and nothing else.

import type { SliceName } from './data.js';
import { isTooSmall, jobsChunk, showsJobPane } from './layout.js';
import { placeOf, rootOf, type Model } from './model.js';

/** What to look at, as data. Two interests of one slice with different fields are different questions. */
export type Interest =
  | { readonly slice: 'overview' }
  | { readonly slice: 'jobs'; readonly filter: string; readonly anchor: string | null; readonly chunk: number }
  | { readonly slice: 'job'; readonly jobId: string }
  | { readonly slice: 'groups'; readonly queue: string | null; readonly filter: string }
  | { readonly slice: 'letters'; readonly queue: string | null; readonly filter: string; readonly group: string | null; readonly limit: number }
  | { readonly slice: 'letter'; readonly queue: string; readonly sequenceNumber: string }
  | { readonly slice: 'workers' }
  | { readonly slice: 'operations' }
  | { readonly slice: 'operation'; readonly id: string }
  | { readonly slice: 'types' };

/** The row above the groups that stands for all of them. */
export const ALL_GROUPS = '*';

export interface Wish {
  readonly interest: Interest;
  readonly key: string;
  /** On the screen now; else it feeds counts in the tabs and may be looked at seldom. */
  readonly visible: boolean;
}

export function interestKey(interest: Interest): string {
  return JSON.stringify(interest);
}

export function wishesOf(model: Model): readonly Wish[] {
  if (model.ended) return [];
  const place = placeOf(model);
  const wishes: Wish[] = [];
  const wish = (interest: Interest, visible = true): void => {
    wishes.push({ interest, key: interestKey(interest), visible: visible && !isTooSmall(model.size) });
  };
  // Row 1 says on every screen that the queues cannot be reached, and is to say so no longer than it is true.
  const isCutOff = (model.slices.overview.data?.stats.problem ?? null) !== null;
  wish({ slice: 'overview' }, place.view === 'overview' || isCutOff);
  wish({ slice: 'workers' }, place.view === 'workers' || place.view === 'overview');
  for (const interest of detailInterests(model)) wish(interest);
  return wishes;
}

/** The key of each slice that is asked for. */
export function interestKeys(model: Model): ReadonlyMap<SliceName, string> {
  const cached = KEYS.get(model);
  if (cached !== undefined) return cached;
  const keys = new Map(wishesOf(model).map(({ interest, key }) => [interest.slice, key] as const));
  KEYS.set(model, keys);
  return keys;
}

const KEYS = new WeakMap<Model, ReadonlyMap<SliceName, string>>();

function detailInterests(model: Model): readonly Interest[] {
  const place = placeOf(model);
  switch (place.view) {
    case 'overview':
    case 'workers':
    case 'log':
      return [];
    case 'jobs': {
      const { selected } = model.lists.jobs;
      return selected === null || !showsJobPane(model.size) ? [jobsInterest(model)] : [jobsInterest(model), { slice: 'job', jobId: selected }];
    }
    case 'job':
      // The list below keeps its place, and is there at once when the detail closes.
      return rootOf(model) === 'jobs' ? [{ slice: 'job', jobId: place.jobId }, jobsInterest(model)] : [{ slice: 'job', jobId: place.jobId }];
    case 'dead':
      return deadInterests(model);
    case 'letter':
      return [{ slice: 'letter', queue: place.queue, sequenceNumber: place.sequenceNumber }, ...deadInterests(model)];
    case 'operations':
      return [{ slice: 'operations' }];
    case 'operation':
      return [{ slice: 'operation', id: place.id }];
    case 'new-job':
      return [{ slice: 'types' }];
  }
}

function jobsInterest(model: Model): Interest {
  return { slice: 'jobs', filter: model.jobs.filter, anchor: model.jobs.anchors.at(-1) ?? null, chunk: jobsChunk(model.size) };
}

function deadInterests(model: Model): readonly Interest[] {
  const { queue, filter, limit } = model.dead;
  const { selected } = model.lists.groups;
  const groups: Interest = { slice: 'groups', queue, filter };
  return selected === null ? [groups] : [groups, { slice: 'letters', queue, filter, group: selected === ALL_GROUPS ? null : selected, limit }];
}
