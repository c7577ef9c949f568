// Opens queues, dead letters, administration and diagnostics of one namespace.

import { AppError } from '../../domain/errors.js';
import type { Clock } from '../../ports/clock.js';
import type { DeadLetterQueue } from '../../ports/dead-letter-queue.js';
import type { Diagnostics } from '../../ports/diagnostics.js';
import type { MessageQueue } from '../../ports/message-queue.js';
import type { QueueAdmin, QueueSettings } from '../../ports/queue-admin.js';
import type { QueuePauses } from '../../ports/queue-pauses.js';
import type { ServiceBusTarget } from './target.js';

export interface OpenServiceBus {
  readonly target: ServiceBusTarget;
  readonly queues: readonly QueueSettings[];
  readonly pauses: QueuePauses;
  readonly clock: Clock;
  readonly random: () => number;
}

export interface ServiceBusBackend {
  readonly queue: MessageQueue;
  readonly deadLetters: DeadLetterQueue;
  readonly admin: QueueAdmin;
  readonly diagnostics: Diagnostics;
  close(): Promise<void>;
}

export function openServiceBus(_options: OpenServiceBus): Promise<ServiceBusBackend> {
  return Promise.reject(new AppError('BACKEND_UNAVAILABLE', 'the driver is not there yet'));
}
