// Ready-made and saved filters, for jobs and for dead letters.

import type { PickDialog } from '../dialogs.js';
import type { Model } from '../model.js';
import { doing, flash, stay, type Step } from './step.js';

type Named = readonly (readonly [string, string])[];

const OF_JOBS: Named = [
  ['every job', ''],
  ['failed or dead-lettered', 'status in (Failed, DeadLettered)'],
  ['running', 'status = Running'],
  ['waiting', 'status = Queued'],
  ['running for over 10 minutes', 'status = Running and age > 10m'],
  ['retried at least once', 'attempt > 1'],
  ['of the last hour', 'age < 1h'],
  ['high priority', 'priority >= high'],
];

const OF_DEAD: Named = [
  ['every message', ''],
  ['of the last hour', 'age < 1h'],
  ['older than a day', 'age > 1d'],
];

export function pickFilter(model: Model, of: 'jobs' | 'dead'): Model {
  const current = model[of].filter;
  const filters: Named = [...(of === 'jobs' ? OF_JOBS : OF_DEAD), ...model.savedFilters.map((filter) => ['saved', filter] as const)];
  const dialog: PickDialog = {
    kind: 'pick',
    title: 'Filters',
    items: filters.map(([label, text]) => ({ label, detail: text, choice: { kind: 'filter', of, text } })),
    index: Math.max(0, filters.findIndex(([, text]) => text === current)),
    otherwise: null,
  };
  return { ...model, dialog };
}

/** Once more takes it off the list again. */
export function saveFilter(model: Model, filter: string): Step {
  if (filter === '') return stay(flash(model, 'plain', 'there is no filter to save; / types one'));
  return doing(model, { t: 'save-filter', filter, keep: !model.savedFilters.includes(filter) });
}
