// Reads the body and properties of a queue message. Ours are written in one shape only (encode-message.ts); what other
// producers send is read in three: the flat camelCase JobMessage, the snake_case envelope {job_id, message_type, …},
// and {job_type, submission_id, …}.

import { createHash } from 'node:crypto';

import type { DecodedMessage, OwnMessage } from './decide.js';
import type { Json, JsonObject } from './json.js';
import { type JobMessage, MESSAGE_SCHEMA_VERSION } from './message.js';
import { jobMessageSchema } from './message-schema.js';

export interface ReceivedBody {
  readonly body: string;
  readonly properties: Readonly<Record<string, unknown>>;
  readonly messageId: string;
  readonly enqueuedAt: number;
}

/** Never throws: what cannot be read is `undecodable` with the reason. */
export function decodeMessage(received: ReceivedBody): DecodedMessage {
  const own = ownMessage(received.properties);
  let parsed: Json;
  try {
    parsed = JSON.parse(received.body) as Json;
  } catch {
    return { kind: 'undecodable', problem: 'the body is not JSON' };
  }
  if (!isObject(parsed)) return { kind: 'undecodable', problem: 'the body is not a JSON object' };
  // Our own bodies were checked when they were written; their shape is only looked at again when it is not the known version.
  if (own !== undefined && parsed['schemaVersion'] === MESSAGE_SCHEMA_VERSION && parsed['jobId'] === own.jobId) {
    return { ...own, message: parsed as unknown as JobMessage };
  }
  const result = jobMessageSchema.safeParse(flatten(parsed, received));
  if (!result.success) {
    const issue = result.error.issues[0];
    return { kind: 'undecodable', problem: `${issue?.path.join('.') || 'body'}: ${issue?.message ?? 'not a JobMessage'}` };
  }
  const message = result.data as JobMessage;
  return own === undefined ? { kind: 'foreign', message } : { ...own, message };
}

/** Undefined for a message of another producer. */
export function ownMessage(properties: Readonly<Record<string, unknown>>): OwnMessage | undefined {
  const { jobId, sequence, storeId } = properties;
  if (typeof jobId !== 'string' || typeof storeId !== 'string' || typeof sequence !== 'number') return undefined;
  return { kind: 'ours', jobId, sequence, storeId };
}

function flatten(body: JsonObject, received: ReceivedBody): Json {
  if (typeof body['message_type'] === 'string') return fromEnvelope(body, received);
  if (typeof body['job_type'] === 'string') return fromJobType(body, received);
  return body;
}

function fromEnvelope(body: JsonObject, received: ReceivedBody): Json {
  const { job_id: id, message_type: type, created_at: createdAt, payload } = body;
  const configuration = isObject(payload) && isObject(payload['configuration']) ? payload['configuration'] : {};
  return {
    ...foreignIdentity(id, createdAt, received),
    type: type ?? null,
    payload: payload ?? {},
    selectedKnowledgeSource: configuration['selectedKnowledgeSource'] ?? configuration['selected_knowledge_source'] ?? null,
    additionalInstructions: configuration['additionalInstructions'] ?? configuration['additional_instructions'] ?? null,
  };
}

function fromJobType(body: JsonObject, received: ReceivedBody): Json {
  const { job_type: type, ...payload } = body;
  return { ...foreignIdentity(body['job_id'], body['created_at'], received), type: type ?? null, payload };
}

function foreignIdentity(id: Json | undefined, createdAt: Json | undefined, received: ReceivedBody): JsonObject {
  const at = typeof createdAt === 'string' ? Date.parse(createdAt) : Number.NaN;
  return {
    jobId: foreignJobId(id, received.messageId),
    userId: 'external',
    createdAt: new Date(Number.isNaN(at) ? received.enqueuedAt : at).toISOString(),
  };
}

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;

/** A UUID is kept; any other id becomes a name-based one, so that every copy of the message names the same job. */
function foreignJobId(id: Json | undefined, messageId: string): string {
  if (typeof id === 'string' && UUID.test(id)) return id.toLowerCase();
  const hex = createHash('sha256').update(`copiloteval:${typeof id === 'string' ? id : messageId}`).digest('hex');
  // RFC 9562 version 8 (custom) with the variant bits of section 4.1.
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-8${hex.slice(13, 16)}-a${hex.slice(17, 20)}-${hex.slice(20, 32)}`;
}

function isObject(value: Json | undefined): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
