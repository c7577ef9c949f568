// The emulator's queues as its two front doors see them: AMQP serves their messages, ATOM their descriptions.

export const QUEUE_STATUSES = ['Active', 'Disabled', 'SendDisabled', 'ReceiveDisabled'] as const;
export type QueueStatus = (typeof QUEUE_STATUSES)[number];

/** What can be chosen. Instants and durations in milliseconds. */
export interface QueueOptions {
  readonly lockMs: number;
  /** Null: messages do not expire by themselves. */
  readonly ttlMs: number | null;
  readonly maxDeliveryCount: number;
  readonly deadLetterOnExpiration: boolean;
  /** Fixed when the queue is made. */
  readonly requiresDuplicateDetection: boolean;
  readonly duplicateWindowMs: number;
  readonly maxSizeMb: number;
  readonly maxMessageBytes: number;
  readonly status: QueueStatus;
  readonly userMetadata: string;
}

export interface QueueDescription extends QueueOptions {
  /** As it was written when the queue was made; compared without regard to case. */
  readonly name: string;
  readonly createdAt: number;
  readonly updatedAt: number;
  /** The last send, receive or settlement, within a minute. */
  readonly accessedAt: number;
}

/** What makes a queue: its name, and what differs from `QUEUE_DEFAULTS`. */
export type QueueDefinition = { readonly name: string } & Partial<QueueOptions>;

export interface QueueRuntime {
  /** Locked and deferred messages too. */
  readonly active: number;
  readonly deadLetter: number;
  readonly scheduled: number;
  /** Nothing is forwarded here. */
  readonly transfer: 0;
  readonly sizeInBytes: number;
}

/** Names are compared without regard to case everywhere. */
export interface QueueCatalog {
  /** By name. */
  list(): Promise<QueueDescription[]>;
  get(name: string): Promise<QueueDescription | undefined>;
  create(queue: QueueDefinition): Promise<'created' | 'exists'>;
  /** Changes what is given. False: there is no such queue. */
  update(queue: QueueDefinition): Promise<boolean>;
  /** With all its messages; links to it are detached. False: there is no such queue. */
  delete(name: string): Promise<boolean>;
  runtime(name: string): Promise<QueueRuntime | undefined>;
}

/** The service's own: what a queue gets that is made without saying more. */
export const QUEUE_DEFAULTS: QueueOptions = {
  lockMs: 60_000,
  ttlMs: null,
  maxDeliveryCount: 10,
  deadLetterOnExpiration: false,
  requiresDuplicateDetection: false,
  duplicateWindowMs: 600_000,
  maxSizeMb: 1024,
  maxMessageBytes: 256 * 1024,
  status: 'Active',
  userMetadata: '',
};
