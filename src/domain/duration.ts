// Durations as people write them: `250ms`, `30s`, `1h30m`. Inside the program every duration is a number of milliseconds.

import { AppError } from './errors.js';

const UNITS = [
  { name: 'd', ms: 86_400_000 },
  { name: 'h', ms: 3_600_000 },
  { name: 'm', ms: 60_000 },
  { name: 's', ms: 1_000 },
  { name: 'ms', ms: 1 },
] as const;

/** A hundred years: an instant plus this still fits a JavaScript date. */
export const MAX_DURATION_MS = 36_500 * 86_400_000;

const PART = /(\d{1,15}(?:\.\d{1,9})?)(ms|[dhms])/gy;

/** Whole milliseconds, 0 to MAX_DURATION_MS. `what` names the option or field in the error (INPUT_INVALID). */
export function parseDuration(text: string, what = 'duration'): number {
  const ms = readDuration(text);
  if (ms !== undefined) return ms;
  const trimmed = text.trim();
  const bareNumber = /^\d+(\.\d+)?$/.test(trimmed);
  throw new AppError('INPUT_INVALID', `${what}: expected a duration such as 250ms, 30s, 5m, 2h, 1d or 1h30m, got ${quoted(text)}`, {
    hint: bareNumber ? `add a unit: \`${trimmed}s\` is seconds, \`${trimmed}m\` minutes` : durationHint(trimmed),
  });
}

/** As parseDuration, but undefined instead of an error. Units go from large to small, each at most once. */
export function readDuration(text: string): number | undefined {
  const trimmed = text.trim().toLowerCase();
  if (trimmed === '0') return 0;
  let total = 0;
  let end = 0;
  let lastUnit = -1;
  for (const match of trimmed.matchAll(PART)) {
    const unit = UNITS.findIndex(({ name }) => name === match[2]);
    const size = UNITS[unit]?.ms;
    if (size === undefined || unit <= lastUnit) return undefined;
    total += Number(match[1]) * size;
    lastUnit = unit;
    end = match.index + match[0].length;
  }
  if (end === 0 || end !== trimmed.length) return undefined;
  const ms = Math.round(total);
  return ms <= MAX_DURATION_MS ? ms : undefined;
}

/** Exact: `parseDuration(printDuration(ms))` is `ms` again for whole milliseconds. 5400000 is `1h30m`. */
export function printDuration(ms: number): string {
  let rest = Math.round(Math.abs(ms));
  if (rest === 0) return '0ms';
  let text = ms < 0 ? '-' : '';
  for (const unit of UNITS) {
    const count = Math.floor(rest / unit.ms);
    if (count > 0) text += `${count}${unit.name}`;
    rest -= count * unit.ms;
  }
  return text;
}

/** One unit, rounded down, for tables: `4m`, `2h`, `3d`. Anything below one second is `0s`. */
export function printCoarseDuration(ms: number): string {
  const elapsed = Math.max(0, ms);
  const unit = UNITS.find((candidate) => candidate.name !== 'ms' && elapsed >= candidate.ms);
  return unit === undefined ? '0s' : `${Math.floor(elapsed / unit.ms)}${unit.name}`;
}

function durationHint(text: string): string {
  if (text.startsWith('-')) return 'a duration cannot be negative';
  return `units are d, h, m, s and ms, from large to small, at most ${MAX_DURATION_MS / 86_400_000}d together`;
}

function quoted(text: string): string {
  return JSON.stringify(text.length > 40 ? `${text.slice(0, 39)}…` : text);
}
