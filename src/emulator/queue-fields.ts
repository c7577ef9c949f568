// A queue's settings under the names that the service gives them, as texts: what ATOM carries and what a queues file has.

import { readIsoDuration } from '../domain/iso-duration.js';
import { QUEUE_STATUSES, type QueueDefinition, type QueueOptions, type QueueStatus } from './queue-catalog.js';
import { queueProblem } from './queue-rules.js';

/** An empty text is the same as none, except for UserMetadata. */
export type QueueFields = ReadonlyMap<string, string>;

/** What is wrong with a field, without a full stop. */
export class QueueFieldProblem extends Error {
  override readonly name = 'QueueFieldProblem';
}

/** All that are read here; others are the caller's matter. */
export const QUEUE_FIELDS: readonly string[] = [
  'LockDuration',
  'MaxSizeInMegabytes',
  'RequiresDuplicateDetection',
  'RequiresSession',
  'DefaultMessageTimeToLive',
  'DeadLetteringOnMessageExpiration',
  'DuplicateDetectionHistoryTimeWindow',
  'MaxDeliveryCount',
  'EnableBatchedOperations',
  'AuthorizationRules',
  'Status',
  'ForwardTo',
  'UserMetadata',
  'AutoDeleteOnIdle',
  'EnablePartitioning',
  'ForwardDeadLetteredMessagesTo',
  'EntityAvailabilityStatus',
  'EnableExpress',
  'MaxMessageSizeInKilobytes',
];

/** Throws QueueFieldProblem for what cannot be read, is out of its range, or is not there in the emulator. */
export function queueFromFields(name: string, fields: QueueFields): QueueDefinition {
  refuseUnsupported(fields);
  const kilobytes = integer(fields, 'MaxMessageSizeInKilobytes');
  const queue: QueueDefinition = {
    name,
    ...given('lockMs', duration(fields, 'LockDuration')),
    ...given('ttlMs', mayBeEndless(fields, 'DefaultMessageTimeToLive')),
    ...given('duplicateWindowMs', duration(fields, 'DuplicateDetectionHistoryTimeWindow')),
    ...given('maxDeliveryCount', integer(fields, 'MaxDeliveryCount')),
    ...given('maxSizeMb', integer(fields, 'MaxSizeInMegabytes')),
    ...given('deadLetterOnExpiration', boolean(fields, 'DeadLetteringOnMessageExpiration')),
    ...given('requiresDuplicateDetection', boolean(fields, 'RequiresDuplicateDetection')),
    ...given('status', statusOf(fields)),
    // The only text where empty is a value: it clears what was there.
    ...given('userMetadata', fields.get('UserMetadata')),
    ...given('maxMessageBytes', kilobytes === undefined ? undefined : kilobytes * 1024),
  };
  const problem = queueProblem(queue);
  if (problem !== undefined) throw new QueueFieldProblem(problem);
  return queue;
}

function given<K extends keyof QueueOptions>(key: K, value: QueueOptions[K] | undefined): Partial<QueueOptions> {
  return value === undefined ? {} : { [key]: value };
}

function refuseUnsupported(fields: QueueFields): void {
  for (const name of ['RequiresSession', 'EnablePartitioning', 'EnableExpress']) {
    if (boolean(fields, name) === true) throw unavailable(name);
  }
  for (const name of ['ForwardTo', 'ForwardDeadLetteredMessagesTo', 'AuthorizationRules']) {
    if ((fields.get(name) ?? '') !== '') throw unavailable(name);
  }
  const idle = mayBeEndless(fields, 'AutoDeleteOnIdle');
  if (idle !== undefined && idle !== null) throw unavailable('AutoDeleteOnIdle');
}

function unavailable(name: string): QueueFieldProblem {
  return new QueueFieldProblem(`${name} is not available in the emulator`);
}

function duration(fields: QueueFields, name: string): number | undefined {
  const value = mayBeEndless(fields, name);
  if (value === null) throw new QueueFieldProblem(`${name} must have an end`);
  return value;
}

/** Null: never. */
function mayBeEndless(fields: QueueFields, name: string): number | null | undefined {
  return read(fields, name, 'an ISO 8601 duration such as PT1M', readIsoDuration);
}

function integer(fields: QueueFields, name: string): number | undefined {
  return read(fields, name, 'a whole number', (text) => (/^\d{1,12}$/.test(text) ? Number(text) : undefined));
}

function boolean(fields: QueueFields, name: string): boolean | undefined {
  return read(fields, name, 'true or false', (text) => ({ true: true, false: false })[text.toLowerCase()]);
}

function statusOf(fields: QueueFields): QueueStatus | undefined {
  return read(fields, 'Status', `one of ${QUEUE_STATUSES.join(', ')}`, (text) => QUEUE_STATUSES.find((status) => status === text));
}

function read<T>(fields: QueueFields, name: string, expected: string, from: (text: string) => T | undefined): T | undefined {
  const text = fields.get(name) ?? '';
  if (text === '') return undefined;
  const value = from(text);
  if (value === undefined) throw new QueueFieldProblem(`${name} must be ${expected}, got ${JSON.stringify(text.slice(0, 100))}`);
  return value;
}
