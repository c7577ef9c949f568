// QueueAdmin: which queues exist, what is in them, and the pause flag.

export interface QueueAdmin {
  /** Every queue of the backend, or the named ones that exist; by name. Counts may lag; `countedAt` says of when they are. */
  list(names?: readonly string[]): Promise<QueueInfo[]>;
  /** Creates the queue or changes its settings to these. Doing it twice changes nothing. */
  create(settings: QueueSettings): Promise<'created' | 'changed' | 'unchanged'>;
  /** Workers take nothing from a paused queue; what they hold goes on, sending goes on. */
  pause(name: string, by: string): Promise<void>;
  resume(name: string): Promise<void>;
}

export interface QueueSettings {
  readonly name: string;
  readonly lockMs: number;
  readonly ttlMs: number;
  readonly maxAttempts: number;
}

export interface QueueInfo extends QueueSettings {
  readonly pausedAt: number | null;
  readonly pausedBy: string | null;
  readonly counts: QueueCounts;
  /** When the message that waits longest became due; null when none waits. Keeps its value when everything stalls. */
  readonly oldestDueAt: number | null;
  readonly countedAt: number;
}

export interface QueueCounts {
  /** Ready to be handed out. */
  readonly active: number;
  readonly locked: number;
  readonly scheduled: number;
  readonly deadLetter: number;
}
