// What a queue may be like: the service's limits, so that what works here is not refused there.
// https://learn.microsoft.com/azure/service-bus-messaging/service-bus-quotas

import { printIsoDuration } from '../domain/iso-duration.js';
import type { QueueDefinition } from './queue-catalog.js';

export const MAX_NAME_LENGTH = 260;
const NAME = /^[A-Za-z0-9](?:[A-Za-z0-9._/-]*[A-Za-z0-9])?$/;

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const DAY = 24 * 60 * MINUTE;

type Measured = 'lockMs' | 'ttlMs' | 'maxDeliveryCount' | 'duplicateWindowMs' | 'maxSizeMb' | 'maxMessageBytes';

interface Range {
  readonly min: number;
  readonly max: number;
}

/**
 * The service's own, but for two minima: it takes no lock under five seconds and no queue under 1024 MB, and trials of
 * what happens at the end of either should not have to wait for it.
 */
const RANGES: Readonly<Record<Measured, Range>> = {
  lockMs: { min: 100, max: 5 * MINUTE },
  ttlMs: { min: 1, max: Number.MAX_SAFE_INTEGER },
  maxDeliveryCount: { min: 1, max: 2000 },
  duplicateWindowMs: { min: 20 * SECOND, max: 7 * DAY },
  maxSizeMb: { min: 1, max: 81_920 },
  maxMessageBytes: { min: 1024, max: 100 * 1024 * 1024 },
};

/** The names that ATOM and the service's own tools have for them. */
const TITLES: Readonly<Record<Measured, string>> = {
  lockMs: 'LockDuration',
  ttlMs: 'DefaultMessageTimeToLive',
  maxDeliveryCount: 'MaxDeliveryCount',
  duplicateWindowMs: 'DuplicateDetectionHistoryTimeWindow',
  maxSizeMb: 'MaxSizeInMegabytes',
  maxMessageBytes: 'MaxMessageSizeInKilobytes',
};

const MAX_METADATA_CHARS = 1024;

/** A sentence on the first thing that cannot be, or undefined. */
export function queueProblem(queue: QueueDefinition): string | undefined {
  if (queue.name.length > MAX_NAME_LENGTH || !NAME.test(queue.name)) {
    return `a queue name is at most ${MAX_NAME_LENGTH} letters, digits, dots, dashes, underscores and slashes, with a letter or digit at both ends; got ${JSON.stringify(queue.name.slice(0, 300))}`;
  }
  if ((queue.userMetadata ?? '').length > MAX_METADATA_CHARS) return `UserMetadata must be at most ${MAX_METADATA_CHARS} characters`;
  for (const [option, range] of Object.entries(RANGES) as [Measured, Range][]) {
    const value = queue[option];
    if (typeof value !== 'number' || (Number.isFinite(value) && value >= range.min && value <= range.max)) continue;
    return `${TITLES[option]} must be ${rangeText(option, range)}, got ${shown(option, value)}`;
  }
  return undefined;
}

function rangeText(option: Measured, { min, max }: Range): string {
  if (max === Number.MAX_SAFE_INTEGER) return `at least ${shown(option, min)}`;
  return `from ${shown(option, min)} to ${shown(option, max)}`;
}

function shown(option: Measured, value: number): string {
  if (option === 'maxMessageBytes') return String(value / 1024);
  return option.endsWith('Ms') ? printIsoDuration(value) : String(value);
}
