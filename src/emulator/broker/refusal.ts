// Why the broker does not do what it was asked for. Values, not exceptions: operations of one transaction are refused one
// by one, and each caller answers in its own protocol.

export const REFUSALS = {
  'lock-lost': 'The lock supplied is invalid. Either the lock expired, or the message has already been removed from the queue.',
  'message-not-found': 'The messages with these sequence numbers are not in the state that is asked for, or are gone.',
  'queue-full': 'The queue has reached its maximum size. Receive messages from it before sending more.',
  'entity-gone': 'The messaging entity was deleted.',
  'not-in-letters': 'A dead-lettered message cannot be dead-lettered again.',
  busy: 'The storage of the emulator did not accept the change. Please wait 2 seconds and try again.',
} as const;

export type Refusal = keyof typeof REFUSALS;
