// Times, spans, sizes and counts as people read them.

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** `850 ms`, `3.2 s`, `42 s`, `5 min 10 s`, `2 h 5 min`, `3 d 4 h`: two units at most. */
export function formatDuration(ms: number): string {
  if (!Number.isFinite(ms)) return '?';
  if (ms < 0) return `-${formatDuration(-ms)}`;
  if (ms < SECOND) return `${Math.round(ms)} ms`;
  if (ms < 9.95 * SECOND) return `${(ms / SECOND).toFixed(1)} s`;
  const seconds = Math.round(ms / SECOND);
  if (seconds < 60) return `${seconds} s`;
  if (seconds < 3600) return twoUnits(Math.floor(seconds / 60), 'min', seconds % 60, 's');
  const minutes = Math.round(ms / MINUTE);
  if (minutes < 24 * 60) return twoUnits(Math.floor(minutes / 60), 'h', minutes % 60, 'min');
  const hours = Math.round(ms / HOUR);
  return twoUnits(Math.floor(hours / 24), 'd', hours % 24, 'h');
}

/** `3 s ago`, `in 5 min`, `now`; one unit, since a list is read at a glance. Times in milliseconds since 1970. */
export function relativeTime(atMs: number, nowMs: number): string {
  const away = Math.abs(atMs - nowMs);
  if (away < SECOND) return 'now';
  const span = oneUnit(away);
  return atMs < nowMs ? `${span} ago` : `in ${span}`;
}

/** The local date and time with its offset: `2026-08-01 09:30:05 +02:00`. */
export function localTime(atMs: number): string {
  const date = new Date(atMs);
  const offset = -date.getTimezoneOffset();
  const local = new Date(atMs + offset * MINUTE).toISOString();
  const size = Math.abs(offset);
  const zone = `${offset < 0 ? '-' : '+'}${twoDigits(Math.floor(size / 60))}:${twoDigits(size % 60)}`;
  return `${local.slice(0, 10)} ${local.slice(11, 19)} ${zone}`;
}

/** `512 B`, `1.5 KiB`, `20 MiB`. */
export function formatBytes(bytes: number): string {
  const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB'];
  let value = bytes;
  let unit = 0;
  while (value >= 1023.5 && unit < units.length - 1) {
    value /= 1024;
    unit += 1;
  }
  const digits = unit > 0 && value < 9.95 ? 1 : 0;
  return `${value.toFixed(digits)} ${units[unit] ?? ''}`;
}

/** `12,345`: the same on every machine, whatever its locale. */
export function formatCount(count: number): string {
  return String(count).replace(/\B(?=(\d{3})+$)/g, ',');
}

/** Of a dead letter. Service Bus counts only what came back before: one that was put aside when it was first handed out has a count of 0. */
export function formatTries({ deliveryCount }: { readonly deliveryCount: number }): string {
  return deliveryCount === 0 ? '-' : formatCount(deliveryCount);
}

/** `1 job`, `2 jobs`; `0 jobs`. */
export function counted(count: number, one: string, many = `${one}s`): string {
  return `${formatCount(count)} ${count === 1 ? one : many}`;
}

function oneUnit(ms: number): string {
  if (ms < MINUTE) return `${Math.floor(ms / SECOND)} s`;
  if (ms < HOUR) return `${Math.floor(ms / MINUTE)} min`;
  if (ms < 2 * DAY) return `${Math.floor(ms / HOUR)} h`;
  return `${Math.floor(ms / DAY)} d`;
}

function twoUnits(large: number, largeUnit: string, small: number, smallUnit: string): string {
  return small === 0 ? `${large} ${largeUnit}` : `${large} ${largeUnit} ${small} ${smallUnit}`;
}

function twoDigits(value: number): string {
  return String(value).padStart(2, '0');
}
