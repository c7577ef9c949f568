// What a receiver's outcome asks of the broker.

import type { Settlement } from '../broker/settle.js';
import { DEAD_LETTER_DESCRIPTION, DEAD_LETTER_REASON, entriesOf, keepChanges } from './application-properties.js';
import { CONDITIONS } from './conditions.js';
import { encoded, type RemoteState, type Typed } from './rhea.js';
import { byteAt, CODES, elementsOf, endOfValue, textAt } from './wire.js';

/** rhea's names. `settled`: the receiver let go of the message without saying what became of it. */
export type OutcomeName = 'accepted' | 'rejected' | 'released' | 'modified' | 'settled';

const UNDELIVERABLE_HERE = 1;
const MESSAGE_ANNOTATIONS = 2;

/** DecodeError for properties that are no map. */
export function settlementOf(outcome: OutcomeName, state: RemoteState | undefined): Settlement {
  const fields = state?.value ?? [];
  switch (outcome) {
    case 'accepted':
      return { kind: 'complete' };
    case 'rejected':
      return deadLetter(fields[0]);
    case 'modified': {
      const changes = changesOf(fields[MESSAGE_ANNOTATIONS]);
      return isTrue(fields[UNDELIVERABLE_HERE]) ? { kind: 'defer', changes } : { kind: 'abandon', changes };
    }
    case 'released':
      // By AMQP it was not acquired, so that it is no delivery that failed: clients hand back so what they never showed.
      return { kind: 'return' };
    case 'settled':
      return { kind: 'abandon', changes: null };
  }
}

/** Reason and description are in the error's info, with properties to set; other clients give a plain error. */
function deadLetter(error: Typed | undefined): Settlement {
  const none = { kind: 'dead-letter', reason: null, description: null, changes: null } as const;
  if (error === undefined || !Array.isArray(error.value)) return none;
  const bytes = encoded(error);
  const at = elementsOf(bytes, endOfValue(bytes, 1));
  const condition = at[0] === undefined ? undefined : textAt(bytes, at[0]);
  const description = at[1] === undefined ? undefined : textAt(bytes, at[1]);
  if (condition !== CONDITIONS.deadLetter) return { ...none, reason: condition ?? null, description: description ?? null };
  const info = at[2] === undefined || byteAt(bytes, at[2]) === CODES.null ? undefined : bytes.subarray(at[2]);
  if (info === undefined) return none;
  const entries = new Map(entriesOf(info, 0));
  return {
    kind: 'dead-letter',
    reason: textOf(entries.get(DEAD_LETTER_REASON)),
    description: textOf(entries.get(DEAD_LETTER_DESCRIPTION)),
    changes: keepChanges(info, [DEAD_LETTER_REASON, DEAD_LETTER_DESCRIPTION]),
  };
}

function changesOf(annotations: Typed | undefined): string | null {
  return annotations === undefined ? null : keepChanges(encoded(annotations));
}

/** One of the encodings of a boolean reads as a number. */
function isTrue(field: Typed | undefined): boolean {
  return field?.value === true || field?.value === 1;
}

function textOf(value: Buffer | undefined): string | null {
  return value === undefined ? null : (textAt(value, 0) ?? null);
}
