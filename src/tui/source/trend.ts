// Short histories of the queues' numbers, kept by the dashboard itself: they cost no request.

import type { MinuteCount } from '../../ports/job-counters.js';
import { hasEnded } from '../../domain/job.js';

const POINTS = 120;
const POINT_MS = 5_000;
const MINUTE = 60_000;
/** Ten minutes. */
export const TREND_MS = POINTS * POINT_MS;

interface Point {
  readonly at: number;
  readonly value: number;
}

/** The last ten minutes of one number, a point every five seconds; the newest point is always the present value. */
export class Trend {
  #points: readonly Point[];
  #now = 0;

  constructor(past: readonly Point[] = []) {
    this.#points = past;
  }

  add(value: number, at: number): void {
    const last = this.#points.at(-1);
    this.#now = value;
    if (last !== undefined && at - last.at < POINT_MS) return;
    this.#points = [...this.#points, { at, value }].filter((point) => at - point.at <= TREND_MS).slice(-POINTS);
  }

  values(): readonly number[] {
    return [...this.#points.map(({ value }) => value), this.#now].slice(-POINTS);
  }

  /** Against the newest point that is a minute old; 0 when there is none. */
  lastMinute(now: number): number {
    const before = this.#points.findLast(({ at }) => now - at >= MINUTE - POINT_MS);
    return before === undefined ? 0 : this.#now - before.value;
  }

  /** Against the oldest point. */
  growth(): number {
    return this.#now - (this.#points[0]?.value ?? this.#now);
  }
}

/**
 * The depth of a queue before anybody looked, from the counters: what is there now, less what came in, plus what went out,
 * a minute at a time. Between whole minutes it is drawn as a straight line.
 */
export function pastDepth(depth: number, minutes: readonly MinuteCount[], now: number): readonly Point[] {
  const corners: Point[] = [{ at: now, value: depth }];
  let value = depth;
  for (let minute = Math.floor(now / MINUTE) * MINUTE; minute > now - TREND_MS; minute -= MINUTE) {
    const own = minutes.filter((count) => count.minute === minute);
    const came = sum(own.filter(({ status }) => status === 'Queued'));
    const went = sum(own.filter(({ status }) => hasEnded(status)));
    value = Math.max(0, value - came + went);
    corners.push({ at: minute, value });
  }
  const past: Point[] = [];
  for (let at = now - TREND_MS + POINT_MS; at < now; at += POINT_MS) past.push({ at, value: between(corners, at) });
  return past;
}

/** Letters came with their jobs' ends: those of a minute were not there when it began. */
export function pastDead(dead: number, minutes: readonly MinuteCount[], now: number): readonly Point[] {
  const past: Point[] = [];
  let value = dead;
  for (let minute = Math.floor(now / MINUTE) * MINUTE; minute > now - TREND_MS; minute -= MINUTE) {
    value = Math.max(0, value - sum(minutes.filter((count) => count.minute === minute && count.status === 'DeadLettered')));
    past.unshift({ at: minute, value });
  }
  return past;
}

function between(corners: readonly Point[], at: number): number {
  const index = corners.findIndex((corner) => corner.at <= at);
  const before = corners[index];
  if (before === undefined) return corners.at(-1)?.value ?? 0;
  const after = corners[Math.max(0, index - 1)] ?? before;
  if (after.at === before.at) return before.value;
  return Math.max(0, Math.round(before.value + ((after.value - before.value) * (at - before.at)) / (after.at - before.at)));
}

function sum(counts: readonly MinuteCount[]): number {
  return counts.reduce((total, { count }) => total + count, 0);
}
