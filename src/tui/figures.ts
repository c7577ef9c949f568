// Numbers in few cells: ages, counts, rates, bars and small curves.

import { formatBytes, formatCount } from '../output/quantities.js';

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const STEP = 5 * SECOND;

/** `8s`, `4m`, `3h`, `2d`: one unit, cut off, so that it changes seldom. */
export function ago(ms: number): string {
  if (ms < MINUTE) return `${Math.max(0, Math.floor(ms / SECOND))}s`;
  if (ms < HOUR) return `${Math.floor(ms / MINUTE)}m`;
  if (ms < 2 * DAY) return `${Math.floor(ms / HOUR)}h`;
  return `${Math.floor(ms / DAY)}d`;
}

/** `<5s`, `5s`, `10s`, `4m`: as `ago`, for the many ages of a list, which would else be drawn anew every second. */
export function age(ms: number): string {
  if (ms >= MINUTE) return ago(ms);
  const seconds = Math.floor(ms / STEP) * (STEP / SECOND);
  return seconds < 5 ? '<5s' : `${seconds}s`;
}

/** `412ms`, `6.6s`, `6m08s`, `2h05m`: how long something took. */
export function took(ms: number): string {
  if (ms < SECOND) return `${Math.max(0, Math.round(ms))}ms`;
  if (ms < 99.95 * SECOND) return `${(ms / SECOND).toFixed(1)}s`;
  const seconds = Math.round(ms / SECOND);
  if (seconds < 3600) return `${Math.floor(seconds / 60)}m${twoDigits(seconds % 60)}s`;
  const minutes = Math.round(ms / MINUTE);
  return minutes < 48 * 60 ? `${Math.floor(minutes / 60)}h${twoDigits(minutes % 60)}m` : `${Math.floor(ms / DAY)}d`;
}

/** All digits: `100,412`. */
export function num(count: number): string {
  return formatCount(count);
}

/** At most five cells: `4,218`, `31.2k`, `1.4M`. */
export function short(count: number): string {
  if (count < 10_000) return formatCount(Math.round(count));
  const [value, unit] = count < 999_500 ? [count / 1000, 'k'] : count < 999_500_000 ? [count / 1_000_000, 'M'] : [count / 1_000_000_000, 'G'];
  return `${value < 99.95 ? value.toFixed(1) : Math.round(value)}${unit}`;
}

/** Jobs a minute: `0`, `0.4`, `38`, `1,890`. */
export function rate(perMinute: number): string {
  if (perMinute === 0) return '0';
  return perMinute < 9.95 ? perMinute.toFixed(1) : short(perMinute);
}

/** `0%`, `0.3%`, `96%`. */
export function share(part: number, whole: number): string {
  if (whole === 0) return '-';
  const percent = (part / whole) * 100;
  return percent === 0 || percent >= 9.95 ? `${Math.round(percent)}%` : `${percent.toFixed(1)}%`;
}

export function size(bytes: number): string {
  return formatBytes(bytes).replace(' ', '');
}

/** `12:41` of the time zone of this machine. */
export function clockTime(at: number): string {
  const date = new Date(at);
  return `${twoDigits(date.getHours())}:${twoDigits(date.getMinutes())}`;
}

/** `12:41:07`. */
export function secondTime(at: number): string {
  return `${clockTime(at)}:${twoDigits(new Date(at).getSeconds())}`;
}

/** `12:41:07.250`. */
export function exactTime(at: number): string {
  return `${secondTime(at)}.${String(new Date(at).getMilliseconds()).padStart(3, '0')}`;
}

/** With the date in front when it is not of this day. */
export function dayTime(at: number, now: number): string {
  const date = new Date(at);
  const today = new Date(now).toDateString() === date.toDateString();
  return today ? secondTime(at) : `${date.getFullYear()}-${twoDigits(date.getMonth() + 1)}-${twoDigits(date.getDate())} ${clockTime(at)}`;
}

const LEVELS = '▁▂▃▄▅▆▇█';

/** A curve of `cells` columns on its own scale, newest at the right; each column is the highest of the points it stands for. */
export function spark(points: readonly number[], cells: number): string {
  if (points.length === 0 || cells <= 0) return ' '.repeat(Math.max(0, cells));
  const columns = resampled(points, cells);
  const top = Math.max(...columns, 1);
  const curve = columns.map((value) => LEVELS.charAt(value <= 0 ? 0 : Math.min(7, Math.max(1, Math.round((value / top) * 7)))));
  return curve.join('').padStart(cells);
}

const EIGHTHS = ['', '▏', '▎', '▍', '▌', '▋', '▊', '▉'];

/** A bar of at most `cells`, exact to an eighth; something that is there shows at least a sliver. */
export function bar(part: number, whole: number, cells: number): string {
  if (whole <= 0 || part <= 0) return '';
  const eighths = Math.max(1, Math.round(Math.min(1, part / whole) * cells * 8));
  return '█'.repeat(Math.floor(eighths / 8)) + (EIGHTHS[eighths % 8] ?? '');
}

function resampled(points: readonly number[], cells: number): readonly number[] {
  if (points.length <= cells) return points;
  const columns: number[] = [];
  for (let column = 0; column < cells; column += 1) {
    const from = Math.floor((column * points.length) / cells);
    const to = Math.max(from + 1, Math.floor(((column + 1) * points.length) / cells));
    columns.push(Math.max(...points.slice(from, to)));
  }
  return columns;
}

function twoDigits(value: number): string {
  return String(value).padStart(2, '0');
}
