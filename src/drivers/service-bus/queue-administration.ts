// What the two ways of administering a namespace have in common: the data plane's ATOM protocol and Azure Resource Manager.

import { printIsoDuration } from '../../domain/iso-duration.js';
import type { QueueStatus } from '../../ports/queue-admin.js';

export interface QueueAdministration {
  /** For people: where counts come from. */
  readonly source: string;
  /** Every queue with its counts, one call for each hundred of them. */
  list(options: CallOptions): Promise<BrokerQueue[]>;
  /** Undefined when there is none of this name. */
  get(name: string, options: CallOptions): Promise<BrokerQueue | undefined>;
  /** `exists`: somebody made it first, with whatever settings. */
  create(name: string, settings: BrokerSettings, options: CallOptions): Promise<'created' | 'exists'>;
  /** Changes these settings and leaves all others. Undefined when there is no such queue. */
  update(name: string, settings: Partial<BrokerSettings>, options: CallOptions): Promise<true | undefined>;
  namespace(options: CallOptions): Promise<NamespaceFacts>;
}

/** What a call throws is the SDK's own, for serviceBusError. */
export interface CallOptions {
  /** One of its own for each call. */
  readonly signal: AbortSignal;
}

export interface BrokerSettings {
  readonly lockMs: number;
  /** Null: messages do not expire. */
  readonly ttlMs: number | null;
  readonly maxDeliveryCount: number;
  readonly deadLetterOnExpiration: boolean;
  readonly status: QueueStatus;
}

/** Settings by the names and in the form that both ways send them in. */
export interface SentSettings {
  readonly lockDuration?: string;
  readonly defaultMessageTimeToLive?: string;
  readonly maxDeliveryCount?: number;
  readonly deadLetteringOnMessageExpiration?: boolean;
  readonly status?: QueueStatus;
}

/** Only what is asked for: what is left out keeps its value, or its default. */
export function sentSettings({ lockMs, ttlMs, maxDeliveryCount, deadLetterOnExpiration, status }: Partial<BrokerSettings>): SentSettings {
  return {
    ...(lockMs === undefined ? {} : { lockDuration: printIsoDuration(lockMs) }),
    ...(ttlMs === undefined ? {} : { defaultMessageTimeToLive: printIsoDuration(ttlMs) }),
    ...(maxDeliveryCount === undefined ? {} : { maxDeliveryCount }),
    ...(deadLetterOnExpiration === undefined ? {} : { deadLetteringOnMessageExpiration: deadLetterOnExpiration }),
    ...(status === undefined ? {} : { status }),
  };
}

export interface BrokerQueue extends BrokerSettings {
  readonly name: string;
  readonly requiresSession: boolean;
  readonly requiresDuplicateDetection: boolean;
  readonly partitioned: boolean;
  readonly forwardTo: string | null;
  /** `active` counts locked and deferred messages too. */
  readonly counts: { readonly active: number; readonly scheduled: number; readonly deadLetter: number };
}

export interface NamespaceFacts {
  readonly name: string;
  /** `Basic`, `Standard`, `Premium`; null when it is not said. */
  readonly tier: string | null;
}

export const STATUSES: readonly QueueStatus[] = ['Active', 'Disabled', 'SendDisabled', 'ReceiveDisabled'];

/** A status this program does not know (`Creating`, `Unknown`) lets nothing pass for certain. */
export function statusOf(text: string | undefined): QueueStatus {
  if (text === undefined || text === '') return 'Active';
  return STATUSES.find((status) => status === text) ?? 'Disabled';
}
