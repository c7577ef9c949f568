// Reads the description of a queue that a client sends to create or update it.

import { XMLParser, XMLValidator } from 'fast-xml-parser';

import { readIsoDuration } from '../../domain/iso-duration.js';
import { QUEUE_STATUSES, type QueueDefinition, type QueueOptions } from '../queue-catalog.js';
import { AtomError } from './atom-error.js';

/** Attributes and prefixes say nothing we need: some clients write `<QueueDescription>`, others `<ns1:QueueDescription>`. */
const parser = new XMLParser({ ignoreAttributes: true, removeNSPrefix: true, parseTagValue: false, trimValues: true });

/** The fields that are given, in any order. Throws AtomError 400 for what cannot be read or is not there in the emulator. */
export function readQueueEntry(name: string, body: string): QueueDefinition {
  const fields = fieldsOf(body);
  refuseUnsupported(fields);
  const options: Partial<Mutable<QueueOptions>> = {};
  assign(options, 'lockMs', duration(fields, 'LockDuration', false));
  assign(options, 'ttlMs', duration(fields, 'DefaultMessageTimeToLive', true));
  assign(options, 'duplicateWindowMs', duration(fields, 'DuplicateDetectionHistoryTimeWindow', false));
  assign(options, 'maxDeliveryCount', integer(fields, 'MaxDeliveryCount'));
  assign(options, 'maxSizeMb', integer(fields, 'MaxSizeInMegabytes'));
  assign(options, 'deadLetterOnExpiration', boolean(fields, 'DeadLetteringOnMessageExpiration'));
  assign(options, 'requiresDuplicateDetection', boolean(fields, 'RequiresDuplicateDetection'));
  assign(options, 'status', statusOf(fields));
  // The only text where empty is a value: it clears what was there.
  assign(options, 'userMetadata', fields.get('UserMetadata'));
  const kilobytes = integer(fields, 'MaxMessageSizeInKilobytes');
  assign(options, 'maxMessageBytes', kilobytes === undefined ? undefined : kilobytes * 1024);
  return { name, ...options };
}

type Mutable<T> = { -readonly [K in keyof T]: T[K] };
type Fields = ReadonlyMap<string, string>;

function assign<K extends keyof QueueOptions>(options: Partial<Mutable<QueueOptions>>, key: K, value: QueueOptions[K] | undefined): void {
  if (value !== undefined) options[key] = value;
}

function fieldsOf(body: string): Fields {
  const description = childOf(childOf(childOf(parsed(body), 'entry'), 'content'), 'QueueDescription');
  if (description === undefined) throw new AtomError(400, 'The body is not an entry with a QueueDescription; topics, subscriptions and rules are not available here.');
  if (typeof description === 'string') return new Map();
  return new Map(Object.entries(description).map(([name, value]) => [name, typeof value === 'string' ? value : nestedText(name)]));
}

function parsed(body: string): unknown {
  // No client needs one, and what a document type can declare costs time and memory.
  if (body.includes('<!DOCTYPE')) throw new AtomError(400, 'The body must not have a document type.');
  const validity = XMLValidator.validate(body);
  if (validity !== true) throw new AtomError(400, `The body is not XML: ${validity.err.msg}`);
  try {
    return parser.parse(body);
  } catch (error) {
    throw new AtomError(400, `The body is not XML: ${error instanceof Error ? error.message : String(error)}`);
  }
}

/** The child element, or the empty text when it is there without content. */
function childOf(parent: unknown, name: string): object | string | undefined {
  if (typeof parent !== 'object' || parent === null) return undefined;
  const child: unknown = new Map<string, unknown>(Object.entries(parent)).get(name);
  return typeof child === 'string' || (typeof child === 'object' && child !== null) ? child : undefined;
}

/** Only rules are written as elements inside a field, and refused by their name alone. */
function nestedText(name: string): string {
  if (name === 'AuthorizationRules') return 'rules';
  throw new AtomError(400, `${name} must be given once, as text.`);
}

const OFF = new Set(['', 'false']);

function refuseUnsupported(fields: Fields): void {
  for (const name of ['RequiresSession', 'EnablePartitioning', 'EnableExpress']) {
    if (!OFF.has((fields.get(name) ?? '').toLowerCase())) throw new AtomError(400, `${name} is not available in the emulator.`);
  }
  for (const name of ['ForwardTo', 'ForwardDeadLetteredMessagesTo', 'AuthorizationRules']) {
    if ((fields.get(name) ?? '') !== '') throw new AtomError(400, `${name} is not available in the emulator.`);
  }
  if (duration(fields, 'AutoDeleteOnIdle', true) !== undefined && duration(fields, 'AutoDeleteOnIdle', true) !== null) {
    throw new AtomError(400, 'AutoDeleteOnIdle is not available in the emulator: it can only be "never".');
  }
}

function duration(fields: Fields, name: string, mayBeNever: true): number | null | undefined;
function duration(fields: Fields, name: string, mayBeNever: false): number | undefined;
function duration(fields: Fields, name: string, mayBeNever: boolean): number | null | undefined {
  const text = fields.get(name) ?? '';
  if (text === '') return undefined;
  const value = readIsoDuration(text);
  if (value === undefined) throw new AtomError(400, `${name} must be an ISO 8601 duration such as PT1M, got ${JSON.stringify(text)}.`);
  if (value === null && !mayBeNever) throw new AtomError(400, `${name} must have an end.`);
  return value;
}

function integer(fields: Fields, name: string): number | undefined {
  const text = fields.get(name) ?? '';
  if (text === '') return undefined;
  if (!/^\d{1,12}$/.test(text)) throw new AtomError(400, `${name} must be a whole number, got ${JSON.stringify(text)}.`);
  return Number(text);
}

function boolean(fields: Fields, name: string): boolean | undefined {
  const text = (fields.get(name) ?? '').toLowerCase();
  if (text === '') return undefined;
  if (text !== 'true' && text !== 'false') throw new AtomError(400, `${name} must be true or false, got ${JSON.stringify(text)}.`);
  return text === 'true';
}

function statusOf(fields: Fields): QueueOptions['status'] | undefined {
  const text = fields.get('Status') ?? '';
  if (text === '') return undefined;
  const status = QUEUE_STATUSES.find((candidate) => candidate === text);
  if (status === undefined) throw new AtomError(400, `Status must be one of ${QUEUE_STATUSES.join(', ')}, got ${JSON.stringify(text)}.`);
  return status;
}
