// What a search has cost in a store that charges for each job it reads, told to whoever searched.

import type { Io } from '../output/io.js';
import { formatCount } from '../output/quantities.js';
import type { Runtime } from '../runtime.js';

/** So many jobs are looked at for one page. */
export const SEARCH_LIMIT = 10_000;
/** A few pages of jobs that were looked at in vain are not worth a word. */
const TOLD_FROM = 500;

export interface SearchDone {
  readonly scanned: number;
  readonly found: number;
}

/** Nothing for a store that does not charge, nor for what an index has answered. */
export function noteSearch({ scanned, found }: SearchDone, { usage }: Pick<Runtime, 'usage'>, io: Io): void {
  if (usage === null || scanned - found < TOLD_FROM) return;
  const { requestUnits } = usage();
  const text = `looked at ${formatCount(scanned)} jobs for ${formatCount(found)}, ${formatCount(Math.round(requestUnits))} request units so far; a status, type, queue, user, label or age in the expression makes it fewer`;
  io.note(io.errorStyle.dim(text), { search: { scanned, found, requestUnits } });
}
