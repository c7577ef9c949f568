// Turns what a handler threw into the error that is stored with the job and into a dead-letter reason people can group by.

import { AppError, type ErrorCode, PermanentError, RetryLaterError } from '../domain/errors.js';
import type { JobError } from '../domain/job.js';
import { WaitForChildren } from './handler.js';

const MAX_MESSAGE_CHARS = 4000;
/** Error codes after which another attempt would meet the same input again. */
const NEVER_WORKS: readonly ErrorCode[] = [
  'INPUT_INVALID',
  'PAYLOAD_INVALID',
  'PAYLOAD_TOO_LARGE',
  'DATASET_INVALID',
  'DATASET_TOO_LARGE',
  'TYPE_UNKNOWN',
];

// Recognised by name too: a handler module may have been bundled with classes of its own.

export function isPermanent(error: unknown): boolean {
  if (error instanceof PermanentError || isNamed(error, 'PermanentError')) return true;
  return error instanceof AppError && NEVER_WORKS.includes(error.code);
}

/** The delay a RetryLaterError asks for, else undefined. */
export function retryLaterMs(error: unknown): number | undefined {
  const named = error instanceof RetryLaterError || isNamed(error, 'RetryLaterError');
  const afterMs: unknown = named ? Reflect.get(error, 'afterMs') : undefined;
  return typeof afterMs === 'number' && afterMs >= 0 && afterMs < Infinity ? afterMs : undefined;
}

/** How many children a WaitForChildren waits for, else undefined. */
export function waitsForChildren(error: unknown): number | undefined {
  const expected: unknown = error instanceof WaitForChildren || isNamed(error, 'WaitForChildren') ? Reflect.get(error, 'expected') : undefined;
  return typeof expected === 'number' && Number.isSafeInteger(expected) && expected >= 0 ? expected : undefined;
}

/** `fallbackCode` is for errors that say nothing about their kind. */
export function jobErrorOf(error: unknown, facts: { at: number; retryable: boolean; fallbackCode: string }): JobError {
  return { code: codeOf(error) ?? facts.fallbackCode, message: messageOf(error), retryable: facts.retryable, at: facts.at };
}

/** For the job's log: the stack of what nobody expected, else code and message. */
export function logTextOf(error: unknown): string {
  const expected = error instanceof AppError || isPermanent(error) || retryLaterMs(error) !== undefined;
  if (!expected && error instanceof Error && error.stack !== undefined) return error.stack;
  const code = codeOf(error);
  return code === undefined ? messageOf(error) : `[${code}] ${messageOf(error)}`;
}

/** The error's own code, else its class in the same spelling (`TypeError`: `TYPE_ERROR`). */
function codeOf(error: unknown): string | undefined {
  if (typeof error !== 'object' || error === null) return undefined;
  const code: unknown = Reflect.get(error, 'code');
  if (typeof code === 'string' && /^[A-Z][A-Z0-9_]{1,63}$/.test(code)) return code;
  const name = error instanceof Error ? error.name : '';
  if (name === 'Error' || !/^[A-Za-z][A-Za-z0-9]{1,63}$/.test(name)) return undefined;
  return name.replace(/([a-z0-9])([A-Z])/g, '$1_$2').toUpperCase();
}

function messageOf(error: unknown): string {
  const text = error instanceof Error ? withCause(error) : String(error);
  const told = text === '' ? 'no message' : text;
  return told.length > MAX_MESSAGE_CHARS ? `${told.slice(0, MAX_MESSAGE_CHARS - 1)}…` : told;
}

function withCause({ message, cause }: Error): string {
  return cause instanceof Error && cause.message !== '' && !message.includes(cause.message) ? `${message}: ${cause.message}` : message;
}

function isNamed(error: unknown, name: string): error is Error {
  return error instanceof Error && error.name === name;
}
