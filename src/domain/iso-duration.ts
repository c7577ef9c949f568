// Durations in the notation of Service Bus's administration: ISO 8601 with days and smaller units (`P14D`, `PT1M30.5S`).

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** What the service writes for "never": the longest TimeSpan of .NET. */
export const ISO_NEVER = 'P10675199DT2H48M5.4775807S';
const NEVER_MS = 10_675_199 * DAY;

const ISO = /^P(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?(?:(\d+(?:\.\d+)?)S)?)?$/;

/**
 * Whole milliseconds; null for "never", which is anything from 10 675 199 days upwards; undefined when the text is no such
 * duration. Years and months are not accepted: they have no fixed length.
 */
export function readIsoDuration(text: string): number | null | undefined {
  const match = ISO.exec(text);
  if (match === null || text.endsWith('P') || text.endsWith('T')) return undefined;
  const [days = 0, hours = 0, minutes = 0, seconds = 0] = match.slice(1).map((part: string | undefined) => Number(part ?? 0));
  const ms = Math.round(days * DAY + hours * HOUR + minutes * MINUTE + seconds * SECOND);
  return ms >= NEVER_MS ? null : ms;
}

/** `ms` as a duration of at least zero; null is "never". */
export function printIsoDuration(ms: number | null): string {
  if (ms === null || ms >= NEVER_MS) return ISO_NEVER;
  const days = Math.floor(ms / DAY);
  const parts = [part(Math.floor((ms % DAY) / HOUR), 'H'), part(Math.floor((ms % HOUR) / MINUTE), 'M'), part((ms % MINUTE) / SECOND, 'S')].join('');
  if (days === 0 && parts === '') return 'PT0S';
  return `P${part(days, 'D')}${parts === '' ? '' : `T${parts}`}`;
}

function part(count: number, unit: string): string {
  return count === 0 ? '' : `${count}${unit}`;
}
