// QueueAdmin: which queues exist, what is in them, and the pause flag.

export interface QueueAdmin {
  /** Every queue of the backend, or the named ones that exist; by name. Counts may lag; `countedAt` says of when they are. */
  list(names?: readonly string[]): Promise<QueueInfo[]>;
  /** Creates the queue or changes its settings to these. Doing it twice changes nothing. */
  create(settings: QueueSettings): Promise<'created' | 'changed' | 'unchanged'>;
  /** Workers take nothing from a paused queue; what they hold goes on, sending goes on. */
  pause(name: string, by: string): Promise<void>;
  resume(name: string): Promise<void>;
  /** What `create` would do with these settings, without doing it. Absent where it cannot be told. */
  plan?(settings: QueueSettings): Promise<QueuePlan>;
  /**
   * Sets the broker's own switch, for everybody who uses the queue: `ReceiveDisabled` also refuses completions and
   * renewals of what is held. Absent where the broker has none. QUEUE_UNKNOWN.
   */
  setStatus?(name: string, status: QueueStatus): Promise<void>;
}

export type QueueStatus = 'Active' | 'Disabled' | 'SendDisabled' | 'ReceiveDisabled';

export interface QueuePlan {
  readonly outcome: 'created' | 'changed' | 'unchanged';
  /** In words of the broker; all settings when the queue is new. */
  readonly changes: readonly SettingChange[];
  /** What stays as it is and will be in the way, one sentence each. */
  readonly warnings: readonly string[];
}

export interface SettingChange {
  readonly setting: string;
  /** Null: not there yet. */
  readonly from: string | null;
  readonly to: string;
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
  /** The broker's own switch, where it has one. */
  readonly status?: QueueStatus;
  /** Why the counts are only what could be seen, so at least this many; absent when they are whole. */
  readonly partial?: string;
}

export interface QueueCounts {
  /** Ready to be handed out; with the locked ones where the broker does not tell them apart. */
  readonly active: number;
  readonly locked: number;
  readonly scheduled: number;
  readonly deadLetter: number;
}
