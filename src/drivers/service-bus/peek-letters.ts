// Looks at dead letters over the management link: nothing is locked, and what others hold is shown too. The number to
// begin with is said in every call, since the SDK otherwise goes on where any receiver of the queue looked last.

import type { ServiceBusReceivedMessage } from '@azure/service-bus';
import Long from 'long';

import { AppError } from '../../domain/errors.js';
import type { Clock } from '../../ports/clock.js';
import type { DeadLetterPage, PeekDeadLetters } from '../../ports/dead-letter-queue.js';
import { deadLetterOf, sequenceOf } from './incoming-message.js';
import type { ReceiverLinks } from './receiver-links.js';
import { withRetry } from './with-retry.js';

export interface PeekParts {
  /** Of the dead-letter queue. */
  readonly links: ReceiverLinks;
  readonly queue: string;
  readonly clock: Clock;
  readonly random: () => number;
  /** How long a look is tried again. */
  readonly lookBudgetMs: number;
}

/** The service answers with at most so many. */
const PAGE = 250;
const FIRST_BUDGET_MS = 2_500;

export async function peekLetters(parts: PeekParts, { limit, cursor, from }: Omit<PeekDeadLetters, 'queue'>): Promise<DeadLetterPage> {
  let next = cursor === undefined ? readNumber(from ?? '1', 'from') : readNumber(cursor, 'cursor') + 1n;
  const messages: ServiceBusReceivedMessage[] = [];
  // One more than asked for tells whether there is a next page. An answer may be short of what is there.
  while (messages.length <= limit) {
    const found = await peekFrom(parts, next, limit + 1 - messages.length);
    const last = found.at(-1);
    if (last === undefined) break;
    messages.push(...found);
    next = BigInt(sequenceOf(last)) + 1n;
  }
  const letters = messages.slice(0, limit).map((message) => deadLetterOf(message, parts.queue));
  return { letters, nextCursor: messages.length > limit ? (letters.at(-1)?.sequenceNumber ?? null) : null };
}

/** Those of the numbers, in ascending order, that are in the dead-letter queue, with the end of their locks where it is told. */
export async function findLetters(parts: PeekParts, sequenceNumbers: readonly string[]): Promise<ReadonlyMap<string, number | undefined>> {
  const found = new Map<string, number | undefined>();
  for (let index = 0; index < sequenceNumbers.length; ) {
    const page = await peekFrom(parts, BigInt(sequenceNumbers[index] ?? 0), Math.min(PAGE, sequenceNumbers.length - index));
    const last = page.at(-1);
    if (last === undefined) break;
    const present = new Map(page.map((message) => [sequenceOf(message), message.lockedUntilUtc?.getTime()]));
    const lastNumber = BigInt(sequenceOf(last));
    for (; index < sequenceNumbers.length && BigInt(sequenceNumbers[index] ?? 0) <= lastNumber; index += 1) {
      const number = sequenceNumbers[index] ?? '';
      if (present.has(number)) found.set(number, present.get(number));
    }
  }
  return found;
}

function peekFrom({ links, queue, clock, random, lookBudgetMs }: PeekParts, from: bigint, limit: number): Promise<ServiceBusReceivedMessage[]> {
  const operation = 'look at the dead letters';
  // A number over the largest one: nothing can be there.
  if (from > MAX_SEQUENCE) return Promise.resolve([]);
  const options = { fromSequenceNumber: Long.fromString(String(from)) };
  const look = (): Promise<ServiceBusReceivedMessage[]> => links.manage(operation, (receiver) => receiver.peekMessages(Math.min(limit, PAGE), options));
  // Somebody waits for the first answer: a wrong address is told soon.
  const budgetMs = links.hasWorked ? lookBudgetMs : Math.min(lookBudgetMs, FIRST_BUDGET_MS);
  return withRetry(look, { clock, random, budgetMs, operation, queue });
}

const MAX_SEQUENCE = 2n ** 63n - 1n;

function readNumber(text: string, what: 'cursor' | 'from'): bigint {
  if (/^\d{1,19}$/.test(text)) return BigInt(text);
  const expected = what === 'cursor' ? 'the nextCursor of a page' : 'a sequence number';
  throw new AppError('INPUT_INVALID', `${what}: expected ${expected}, got ${JSON.stringify(text)}`);
}
