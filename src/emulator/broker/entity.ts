// A queue of the emulator in memory: its description and the two queues of the core it consists of. The process is the
// only one on the file, so what is here is the truth between two commits.

import type { QueueDescription } from '../queue-catalog.js';

export interface Entity {
  /** Changes when the queue is updated. */
  description: QueueDescription;
  readonly messages: SubQueue;
  readonly letters: SubQueue;
  /** Deleted queues are still held by links that are being detached. */
  deleted: boolean;
}

/** One queue of the core. Dead letters are a queue like any other: locked, abandoned, deferred and peeked the same way. */
export interface SubQueue {
  readonly entity: Entity;
  readonly kind: 'messages' | 'letters';
  /** The core's id and name. */
  readonly id: number;
  readonly coreName: string;
}

export const DEAD_LETTER_SUFFIX = '$DeadLetterQueue';

/** The core's name of an entity's queue: how names are compared, too. */
export function entityKey(name: string): string {
  return name.toLowerCase();
}

export function lettersKey(name: string): string {
  return `${entityKey(name)}/${DEAD_LETTER_SUFFIX.toLowerCase()}`;
}

/**
 * A message's row id holds its queue and its sequence number, so that numbers are gap-free per queue, hand-outs in order
 * of row ids are in order of numbers, and a peek from a number is a range of row ids. Below 2^53 for 8,000 queues.
 */
const NUMBERS_PER_QUEUE = 2 ** 40;

export function rowIdOf(queue: SubQueue, number: number): number {
  return queue.id * NUMBERS_PER_QUEUE + number;
}

export function numberOf(rowId: number): number {
  return rowId % NUMBERS_PER_QUEUE;
}

/** Row ids from the number on, and the first that belongs to the next queue. */
export function rowIdRange(queue: SubQueue, fromNumber: number): { readonly from: number; readonly end: number } {
  const first = Math.min(Math.max(fromNumber, 0), NUMBERS_PER_QUEUE - 1);
  return { from: rowIdOf(queue, first), end: rowIdOf(queue, NUMBERS_PER_QUEUE) };
}
