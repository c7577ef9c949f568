// Goes through the dead letters of some queues, page by page, and finds the selected ones. Nothing is locked or changed.

import { readLetterFacts, type LetterFacts } from '../../domain/dead-letters/letter-facts.js';
import { JOB_FIELDS, letterWhereRecord } from '../../domain/dead-letters/letter-where.js';
import { compileSelection, type LetterSelection } from '../../domain/dead-letters/selection.js';
import { hasCode } from '../../domain/errors.js';
import type { Job } from '../../domain/job.js';
import type { Json } from '../../domain/json.js';
import { matchesWhere, whereFields } from '../../domain/where/evaluate.js';
import type { DeadLetter, DeadLetterPage } from '../../ports/dead-letter-queue.js';
import { readPayload } from '../submit-prepare.js';
import type { LetterReadPorts } from './operation-ports.js';

/** Bodies are in memory for two pages at a time. With the one more that tells of a next page, one answer of Service Bus. */
export const LETTER_PAGE = 249;

export interface FoundLetter {
  readonly letter: DeadLetter;
  readonly facts: LetterFacts;
}

export interface LetterWalk {
  readonly queues: readonly string[];
  readonly selection: LetterSelection;
  readonly signal?: AbortSignal;
  /** Called after each page with how many letters were looked at. */
  readonly onScanned?: (scanned: number) => void;
}

/** The selected letters, in pages, queue after queue, each by sequence number. Throws what `signal` was aborted with. */
export async function* walkLetters(ports: LetterReadPorts, walk: LetterWalk): AsyncGenerator<readonly FoundLetter[]> {
  const filter = createLetterFilter(ports, walk.selection);
  let scanned = 0;
  for (const queue of walk.queues) {
    for await (const letters of letterPages(ports, queue)) {
      walk.signal?.throwIfAborted();
      const found = await filter(letters);
      scanned += letters.length;
      walk.onScanned?.(scanned);
      if (found.length > 0) yield found;
      if (isBehindLastSequence(walk.selection, letters)) break;
    }
  }
}

/** All dead letters of a queue, in pages. While one is worked on the next is fetched. */
export async function* letterPages(ports: Pick<LetterReadPorts, 'deadLetters'>, queue: string): AsyncGenerator<readonly DeadLetter[]> {
  const peek = (cursor?: string): Promise<DeadLetterPage> => ports.deadLetters.peek({ queue, limit: LETTER_PAGE, ...(cursor === undefined ? {} : { cursor }) });
  let fetching: Promise<DeadLetterPage> | undefined = peek();
  while (fetching !== undefined) {
    const { letters, nextCursor }: DeadLetterPage = await fetching;
    fetching = nextCursor === null ? undefined : peek(nextCursor);
    // Thrown when its turn comes; nobody asks any more after the walk was left.
    fetching?.catch(() => undefined);
    if (letters.length > 0) yield letters;
  }
}

/** The selected ones of a page. Jobs and stored payloads are read only for an expression that asks for them. */
export function createLetterFilter(
  ports: Pick<LetterReadPorts, 'store' | 'blobs' | 'clock'>,
  selection: LetterSelection,
): (letters: readonly DeadLetter[]) => Promise<readonly FoundLetter[]> {
  const now = ports.clock.now();
  const matches = compileSelection(selection, now);
  const { where } = selection;
  const fields = where === null ? new Set<string>() : whereFields(where);
  const needsJob = JOB_FIELDS.some((field) => fields.has(field));
  return async (letters) => {
    const found = letters.flatMap((letter) => {
      let facts: LetterFacts | undefined;
      const lazyFacts = (): LetterFacts => (facts ??= readLetterFacts(letter));
      return matches(letter, lazyFacts) ? [{ letter, facts: lazyFacts() }] : [];
    });
    if (where === null) return found;
    const kept = await Promise.all(
      found.map(async ({ letter, facts }) => {
        const job = needsJob && facts.jobId !== null ? await ports.store.get(facts.jobId) : undefined;
        const payload = fields.has('payload') ? await payloadOf(ports, facts) : undefined;
        return matchesWhere(where, letterWhereRecord({ letter, facts, job, payload, now }));
      }),
    );
    return found.filter((_, index) => kept[index]);
  };
}

/** Which jobs the letters belong to, for those that are stored. */
export async function jobsOf(ports: Pick<LetterReadPorts, 'store'>, found: readonly FoundLetter[]): Promise<ReadonlyMap<string, Job>> {
  const ids = [...new Set(found.flatMap(({ facts }) => (facts.jobId === null ? [] : [facts.jobId])))];
  const jobs = await Promise.all(ids.map((jobId) => ports.store.get(jobId)));
  return new Map(jobs.flatMap((job) => (job === undefined ? [] : [[job.jobId, job]])));
}

/** A payload whose file is missing or damaged is none: the letter is still there to be looked at. */
async function payloadOf(ports: Pick<LetterReadPorts, 'blobs'>, facts: LetterFacts): Promise<Json | undefined> {
  if (facts.payload === undefined || facts.payloadRef === null) return facts.payload;
  try {
    return await readPayload(ports, { payload: facts.payload, payloadRef: facts.payloadRef });
  } catch (error) {
    if (hasCode(error, 'BLOB_NOT_FOUND', 'BLOB_CORRUPT')) return undefined;
    throw error;
  }
}

function isBehindLastSequence({ sequences }: LetterSelection, letters: readonly DeadLetter[]): boolean {
  const last = sequences.at(-1);
  const seen = letters.at(-1);
  return last !== undefined && seen !== undefined && BigInt(seen.sequenceNumber) >= last.last;
}
