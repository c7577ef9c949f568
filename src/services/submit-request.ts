// What somebody asks for with a submission, and the checks that need nothing but the request itself.

import { MAX_DURATION_MS } from '../domain/duration.js';
import { AppError } from '../domain/errors.js';
import { PRIORITIES, type JobId, type Priority } from '../domain/job.js';
import type { Json } from '../domain/json.js';
import { MAX_INSTRUCTIONS_BYTES } from '../domain/message.js';
import { nearest } from '../domain/nearest.js';

export interface SubmitRequest {
  /** Name or alias. */
  readonly type: string;
  readonly payload: Json;
  readonly userId: string;
  /** Default: the type's. */
  readonly queue?: string;
  readonly priority?: string;
  /** Milliseconds from now; not together with `at`. */
  readonly delayMs?: number;
  /** Milliseconds since 1970. */
  readonly at?: number;
  readonly idempotencyKey?: string;
  readonly labels?: Readonly<Record<string, string>>;
  readonly selectedKnowledgeSource?: string;
  readonly additionalInstructions?: string;
  readonly callbackUrl?: string;
  readonly parentJobId?: JobId;
}

/** An instant this far back still means "now": a request takes time to arrive. Older ones are mistakes and refused. */
export const PAST_TOLERANCE_MS = 60_000;
export const MAX_LABELS = 64;

/** Throws INPUT_INVALID or PAYLOAD_TOO_LARGE naming the field; with a good `dueAtOf` it can be stored. Its priority. */
export function checkRequest(request: SubmitRequest): Priority {
  checkText('type', request.type, 128);
  checkText('userId', request.userId, 256);
  if (request.idempotencyKey !== undefined) checkText('idKey', request.idempotencyKey, 256);
  if (request.selectedKnowledgeSource !== undefined) checkText('knowledgeSource', request.selectedKnowledgeSource, 512);
  if (request.additionalInstructions !== undefined) checkInstructions(request.additionalInstructions);
  if (request.callbackUrl !== undefined) checkCallbackUrl(request.callbackUrl);
  if (request.labels !== undefined) checkLabels(request.labels);
  return checkPriority(request.priority);
}

function checkPriority(text: string | undefined): Priority {
  if (text === undefined) return 'normal';
  const priority = PRIORITIES.find((candidate) => candidate === text);
  if (priority !== undefined) return priority;
  const near = nearest(text, PRIORITIES);
  throw new AppError('INPUT_INVALID', `priority: expected ${PRIORITIES.join(', ')}, got ${quoted(text)}`, {
    ...(near === undefined ? {} : { hint: `did you mean \`${near}\`?` }),
  });
}

/** When the job may start. Throws INPUT_INVALID. */
export function dueAtOf(request: SubmitRequest, now: number): number {
  const { delayMs, at } = request;
  if (delayMs !== undefined && at !== undefined) {
    throw new AppError('INPUT_INVALID', 'delay and at: expected one of them, got both');
  }
  if (delayMs !== undefined) {
    if (delayMs >= 0 && delayMs <= MAX_DURATION_MS) return now + Math.round(delayMs);
    throw new AppError('INPUT_INVALID', `delay: expected 0 to ${MAX_DURATION_MS} ms, got ${delayMs}`, { hint: 'leave it out to run at once' });
  }
  if (at === undefined) return now;
  if (at >= now - PAST_TOLERANCE_MS && at <= now + MAX_DURATION_MS) return Math.max(now, Math.round(at));
  const when = at < now ? 'is in the past' : 'is too far in the future';
  throw new AppError('INPUT_INVALID', `at: ${describeInstant(at)} ${when}`, { hint: 'leave it out to run at once' });
}

function describeInstant(at: number): string {
  return Math.abs(at) <= 8.64e15 ? new Date(at).toISOString() : String(at);
}

function checkInstructions(text: string): void {
  const bytes = Buffer.byteLength(text);
  if (bytes <= MAX_INSTRUCTIONS_BYTES) return;
  throw new AppError('PAYLOAD_TOO_LARGE', `instructions: expected at most ${MAX_INSTRUCTIONS_BYTES} bytes, got ${bytes}`);
}

function checkCallbackUrl(text: string): void {
  const url = text.length <= 2048 && URL.canParse(text) ? new URL(text) : undefined;
  if (url?.protocol === 'http:' || url?.protocol === 'https:') return;
  throw new AppError('INPUT_INVALID', `callbackUrl: expected an http or https address, got ${quoted(text)}`);
}

function checkLabels(labels: Readonly<Record<string, string>>): void {
  const entries = Object.entries(labels);
  if (entries.length > MAX_LABELS) throw new AppError('INPUT_INVALID', `labels: expected at most ${MAX_LABELS}, got ${entries.length}`);
  for (const [key, value] of entries) {
    if (!/^[^\s=\p{Cc}]{1,100}$/u.test(key)) {
      throw new AppError('INPUT_INVALID', `labels: expected names of 1 to 100 characters without blanks or "=", got ${quoted(key)}`);
    }
    if (value.length > 1000) throw new AppError('INPUT_INVALID', `labels.${key}: expected at most 1000 characters, got ${value.length}`);
  }
}

function checkText(field: string, text: string, maxLength: number): void {
  if (text.length <= maxLength && text.trim() !== '' && !hasControlCharacters(text)) return;
  throw new AppError('INPUT_INVALID', `${field}: expected 1 to ${maxLength} characters without control characters, got ${quoted(text)}`);
}

/** Unicode's category Cc. A regular expression that names the category costs a fifth of a millisecond when it is made. */
function hasControlCharacters(text: string): boolean {
  for (let index = 0; index < text.length; index += 1) {
    const unit = text.charCodeAt(index);
    if (unit < 0x20 || (unit >= 0x7f && unit < 0xa0)) return true;
  }
  return false;
}

function quoted(text: string): string {
  return JSON.stringify(text.length > 40 ? `${text.slice(0, 39)}…` : text);
}
