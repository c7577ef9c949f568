// The states a broker message can be in, with their numbers in the file.

/** A message under a lock in the dead-letter queue stays `deadLettered`: dead letters have locks but no state for them. */
export const MESSAGE_STATES = {
  active: 2,
  locked: 3,
  scheduled: 4,
  /** Set aside by its receiver and fetched by number; only the emulator's clients defer. */
  deferred: 5,
  deadLettered: 6,
} as const;

export type MessageState = keyof typeof MESSAGE_STATES;
