// A page of dead letters, from one queue or several.

import type { LetterSelection } from '../../domain/dead-letters/selection.js';
import { AppError } from '../../domain/errors.js';
import type { LetterReadPorts } from './operation-ports.js';
import { createLetterFilter, LETTER_PAGE, type FoundLetter } from './walk-letters.js';

export interface PeekLetters {
  /** In the order to go through; the same for every page. */
  readonly queues: readonly string[];
  readonly selection: LetterSelection;
  readonly limit: number;
  readonly cursor?: string;
  readonly signal?: AbortSignal;
  readonly onScanned?: (scanned: number) => void;
}

export interface PeekedLetters {
  readonly letters: readonly FoundLetter[];
  /** Null on the last page. */
  readonly nextCursor: string | null;
}

/** Where to go on: the queue, the backend's cursor of the page, and the last number of it that was looked at. */
interface Position {
  readonly queue: string;
  readonly page: string | null;
  readonly after: string | null;
}

/** Locks and changes nothing. INPUT_INVALID for a cursor of something else. */
export async function peekLetters(ports: LetterReadPorts, request: PeekLetters): Promise<PeekedLetters> {
  const filter = createLetterFilter(ports, request.selection);
  const letters: FoundLetter[] = [];
  let scanned = 0;
  for (let position: Position | null = startOf(request); position !== null; ) {
    request.signal?.throwIfAborted();
    const { queue, page, after }: Position = position;
    const peeked: Awaited<ReturnType<LetterReadPorts['deadLetters']['peek']>> = await ports.deadLetters.peek({
      queue,
      limit: LETTER_PAGE,
      ...(page === null ? {} : { cursor: page }),
    });
    const unseen = after === null ? peeked.letters : peeked.letters.filter((letter) => BigInt(letter.sequenceNumber) > BigInt(after));
    for (const found of await filter(unseen)) {
      if (letters.length === request.limit) return { letters, nextCursor: printCursor({ queue, page, after: lastNumber(letters, queue) ?? after }) };
      letters.push(found);
    }
    scanned += peeked.letters.length;
    request.onScanned?.(scanned);
    position = peeked.nextCursor === null ? nextQueue(request.queues, queue) : { queue, page: peeked.nextCursor, after: null };
  }
  return { letters, nextCursor: null };
}

function lastNumber(letters: readonly FoundLetter[], queue: string): string | undefined {
  const last = letters.at(-1)?.letter;
  return last?.queue === queue ? last.sequenceNumber : undefined;
}

function startOf({ queues, cursor }: PeekLetters): Position | null {
  if (cursor !== undefined) return readCursor(cursor, queues);
  const [queue] = queues;
  return queue === undefined ? null : { queue, page: null, after: null };
}

function nextQueue(queues: readonly string[], queue: string): Position | null {
  const next = queues[queues.indexOf(queue) + 1];
  return next === undefined ? null : { queue: next, page: null, after: null };
}

function printCursor({ queue, page, after }: Position): string {
  return Buffer.from(JSON.stringify([queue, page, after])).toString('base64url');
}

function readCursor(cursor: string, queues: readonly string[]): Position {
  try {
    const [queue, page, after] = JSON.parse(Buffer.from(cursor, 'base64url').toString('utf8')) as readonly unknown[];
    if (typeof queue === 'string' && queues.includes(queue) && isTextOrNull(page) && isTextOrNull(after) && /^\d*$/.test(after ?? '')) {
      return { queue, page, after };
    }
  } catch {
    // Falls through to the error: whatever it is, it is no cursor.
  }
  throw new AppError('INPUT_INVALID', `cursor: expected the nextCursor of the page before, got ${JSON.stringify(cursor.slice(0, 40))}`, {
    hint: 'give the same queues and selection as for that page',
  });
}

function isTextOrNull(value: unknown): value is string | null {
  return value === null || typeof value === 'string';
}
