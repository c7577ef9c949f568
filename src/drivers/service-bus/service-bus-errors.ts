// Translates what the Service Bus SDKs, the AMQP layer, HTTP and the operating system report into the product's codes.
// Conditions of AMQP: https://learn.microsoft.com/azure/service-bus-messaging/service-bus-amqp-troubleshoot

import { AppError, type ErrorCode } from '../../domain/errors.js';
import { type ErrorFacts, factsOf, leavesOf } from './error-facts.js';
import { FAILURES, type Failure, UNKNOWN_FAILURE } from './failure-table.js';
import { redactSecrets, withoutSecrets } from '../azure-access/redact-secrets.js';

export interface ErrorPlace {
  readonly queue?: string;
  /** What was tried, as in "cannot <operation>": `send`, `receive from the queue`, `list queues`. */
  readonly operation: string;
}

/**
 * An AppError for anything that a call of an SDK throws, an AppError as it is. Several attempts in one AggregateError
 * count as their last one that says something. Secrets are taken out of the text and out of the cause.
 */
export function serviceBusError(error: unknown, place: ErrorPlace): AppError {
  if (error instanceof AppError) return error;
  const { facts, failure } = tellingLeaf(error);
  const wait = failure.retryAfterMs?.(facts);
  const hint = typeof failure.hint === 'function' ? failure.hint(place.queue) : failure.hint;
  return new AppError(failure.code, `cannot ${operationText(place)}: ${failure.message} (${saidBy(facts)})`, {
    ...(hint === undefined ? {} : { hint }),
    details: {
      ...(place.queue === undefined ? {} : { queue: place.queue }),
      ...(facts.condition === null ? {} : { condition: facts.condition }),
      ...(wait === undefined ? {} : { retryAfterMs: wait }),
      ...(failure.code === 'SB_FAILED' ? { retryable: facts.retryable } : {}),
    },
    cause: withoutSecrets(error),
  });
}

/** Asking again soon can help, without anybody changing anything. Takes errors of an SDK and AppErrors. */
export function isTransient(error: unknown): boolean {
  const known = serviceBusError(error, { operation: 'tell' });
  if (TRANSIENT.has(known.code)) return true;
  return known.code === 'SB_FAILED' && known.details?.['retryable'] === true;
}

const TRANSIENT: ReadonlySet<ErrorCode> = new Set(['SB_UNREACHABLE', 'SB_TIMEOUT', 'SB_THROTTLED']);

/** How long the service asked to be left alone; undefined when it did not. */
export function retryAfterMs(error: unknown): number | undefined {
  const wait = error instanceof AppError ? error.details?.['retryAfterMs'] : undefined;
  return typeof wait === 'number' ? wait : undefined;
}

/** Retries of one call and addresses of one host come as one error without a text of its own: the last known one tells most. */
function tellingLeaf(error: unknown): { facts: ErrorFacts; failure: Failure } {
  const told = leavesOf(error).map((leaf) => {
    const facts = factsOf(leaf);
    return { facts, failure: FAILURES.find(({ fits }) => fits(facts)) ?? UNKNOWN_FAILURE };
  });
  const last = told.at(-1) ?? { facts: factsOf(error), failure: UNKNOWN_FAILURE };
  return told.findLast(({ failure }) => failure !== UNKNOWN_FAILURE) ?? last;
}

/** "send (queue jobs)": continues "cannot". */
export function operationText({ operation, queue }: ErrorPlace): string {
  if (queue === undefined) return operation;
  return operation.includes('the queue') ? operation.replace('the queue', `the queue ${queue}`) : `${operation} (queue ${queue})`;
}

/** At most this much of somebody else's text. */
const SAID_LENGTH = 300;

/** Azure adds a tracking id and its own time to each text; the cause keeps them. */
function saidBy({ message, tokens }: ErrorFacts): string {
  const text = redactSecrets(message)
    .replace(/^SubCode=\d+\.\s*/i, '')
    .replace(/\s*(?:TrackingId|Timestamp|SystemTracker|CorrelationId)\s*[:=].*$/is, '')
    .replace(/\s+/g, ' ')
    .trim();
  if (text === '') return tokens[0] ?? 'no reason given';
  return text.length <= SAID_LENGTH ? text : `${text.slice(0, SAID_LENGTH)}…`;
}
