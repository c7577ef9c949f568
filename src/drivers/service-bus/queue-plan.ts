// What has to change so that a queue of the broker is as its settings say.

import { AppError } from '../../domain/errors.js';
import { ISO_NEVER, printIsoDuration } from '../../domain/iso-duration.js';
import type { QueuePlan, QueueSettings, SettingChange } from '../../ports/queue-admin.js';
import type { BrokerQueue, BrokerSettings } from './queue-administration.js';

/** The names that Service Bus takes: https://learn.microsoft.com/azure/azure-resource-manager/management/resource-name-rules */
const NAME = /^[A-Za-z0-9](?:[A-Za-z0-9._/-]{0,258}[A-Za-z0-9])?$/;
const MAX_LOCK_MS = 5 * 60_000;
const MAX_DELIVERIES = 2000;

/** Throws INPUT_INVALID for what no tier takes. */
export function checkSettings(settings: QueueSettings): void {
  const { name, lockMs, maxAttempts } = settings;
  if (!NAME.test(name)) {
    throw new AppError('INPUT_INVALID', `queue name: expected letters, digits, '.', '_', '-' and '/', got ${JSON.stringify(name)}`, {
      hint: 'a name has at most 260 characters and starts and ends with a letter or digit',
    });
  }
  for (const key of ['lockMs', 'ttlMs', 'maxAttempts'] as const) {
    if (Number.isSafeInteger(settings[key]) && settings[key] >= 1) continue;
    throw new AppError('INPUT_INVALID', `queue ${name}: ${key} must be a whole number from 1, got ${settings[key]}`);
  }
  if (lockMs > MAX_LOCK_MS) {
    throw new AppError('INPUT_INVALID', `queue ${name}: a lock of Service Bus is at most 5 minutes, got ${lockMs / 1000} s`, {
      hint: 'a worker renews its locks while a job runs: five minutes are enough for any job',
    });
  }
  if (maxAttempts > MAX_DELIVERIES) throw new AppError('INPUT_INVALID', `queue ${name}: Service Bus delivers a message at most ${MAX_DELIVERIES} times, got ${maxAttempts}`);
}

/** The broker's own delivery count is a fuse behind ours, and set to the same number so that other tools show the truth. */
export function brokerSettings({ lockMs, ttlMs, maxAttempts }: QueueSettings): BrokerSettings {
  return { lockMs, ttlMs: printIsoDuration(ttlMs) === ISO_NEVER ? null : ttlMs, maxDeliveryCount: maxAttempts, deadLetterOnExpiration: true, status: 'Active' };
}

export function queueSettings({ name, lockMs, ttlMs, maxDeliveryCount }: BrokerQueue): QueueSettings {
  return { name, lockMs, ttlMs: ttlMs ?? Number.MAX_SAFE_INTEGER, maxAttempts: maxDeliveryCount };
}

type Tunable = Exclude<keyof BrokerSettings, 'status'>;

/** In the service's own words, as the portal and `az` show them. */
const TITLES: Readonly<Record<Tunable, string>> = {
  lockMs: 'lock duration',
  ttlMs: 'default message time to live',
  maxDeliveryCount: 'max delivery count',
  deadLetterOnExpiration: 'dead-letter expired messages',
};

export interface PlannedQueue extends QueuePlan {
  /** For QueueAdministration.update; a status is never among them: somebody disabled the queue for a reason. */
  readonly update: Partial<BrokerSettings>;
}

export function planQueue(settings: QueueSettings, existing: BrokerQueue | undefined): PlannedQueue {
  const wanted = brokerSettings(settings);
  const names = (Object.keys(TITLES) as Tunable[]).filter((name) => existing?.[name] !== wanted[name]);
  const changes = names.map((name): SettingChange => ({ setting: TITLES[name], from: existing === undefined ? null : shown(name, existing[name]), to: shown(name, wanted[name]) }));
  return {
    outcome: existing === undefined ? 'created' : changes.length === 0 ? 'unchanged' : 'changed',
    changes,
    warnings: existing === undefined ? [] : warningsOf(existing),
    update: Object.fromEntries(names.map((name) => [name, wanted[name]])),
  };
}

/** What is fixed when a queue is made, or is somebody's decision, and keeps jobs from running. */
function warningsOf({ name, requiresSession, forwardTo, partitioned, status }: BrokerQueue): readonly string[] {
  return [
    ...(requiresSession ? [`${name} requires sessions, which workers here do not take: jobs need a queue without them`] : []),
    ...(forwardTo === null ? [] : [`${name} forwards its messages to ${forwardTo}: nothing stays for workers of this queue`]),
    ...(partitioned ? [`${name} is partitioned: messages may come out of their order`] : []),
    ...(status === 'Active' ? [] : [`${name} is ${status}: \`copiloteval queues resume ${name} --hard\` opens it`]),
  ];
}

function shown(name: Tunable, value: BrokerSettings[Tunable]): string {
  if (name === 'ttlMs' || name === 'lockMs') {
    const text = printIsoDuration(value as number | null);
    return text === ISO_NEVER ? 'never' : text;
  }
  return String(value);
}
