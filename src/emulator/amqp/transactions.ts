// Transactions are not offered. A client asks for them by attaching to a coordinator instead of an address; it is given
// an address that no queue can have, so that the link is refused by its address like any other.

import type { Typed } from './rhea.js';
import { CODES } from './wire.js';

export const COORDINATOR_NODE = '$coordinator';

const COORDINATOR = 0x30;
const COORDINATOR_SYMBOL = 'amqp:coordinator:list';
const TARGET = 0x29;

/** A target terminus with the node's name as its address. */
export const COORDINATOR_TARGET = Buffer.from([
  ...[CODES.described, CODES.smallUlong, TARGET],
  ...[CODES.list8, COORDINATOR_NODE.length + 3, 1],
  ...[CODES.string8, COORDINATOR_NODE.length],
  ...Buffer.from(COORDINATOR_NODE),
]);

export function isCoordinator(target: Typed | null | undefined): boolean {
  const descriptor = target?.descriptor?.value;
  return descriptor === COORDINATOR || descriptor === COORDINATOR_SYMBOL;
}
