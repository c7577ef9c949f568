// The connections that `doctor` looks through: its own, without retries, so that each answer is the first one.

import type { ServiceBusClient } from '@azure/service-bus';

import type { Clock } from '../../../ports/clock.js';
import { cutConnection, rememberConnection } from '../cut-connection.js';
import type { DiagnosticsParts } from '../diagnostics.js';
import { openAdministration } from '../open-administration.js';
import { type PeekMessages, peekThrough } from '../peek-messages.js';
import type { QueueAdministration } from '../queue-administration.js';
import { namespaceHost, sdkConnectionString } from '../target.js';
import { withinTime } from '../../azure-access/within-time.js';

export interface Probe {
  readonly administration: QueueAdministration;
  /** Opens a sending link and closes it: sends nothing. */
  openSender(queue: string): Promise<void>;
  readonly peek: PeekMessages;
  close(): Promise<void>;
}

/** For a single question about one right. */
export const PROBE_MS = 4_000;
const CLOSE_MS = 1_000;

/** Throws CONFIG_INVALID. */
export async function openProbe(parts: Omit<DiagnosticsParts, 'registry'>): Promise<Probe> {
  const { target, credential } = parts;
  const { administration } = await openAdministration(target, credential);
  const { ServiceBusClient: Client } = await import('../azure-sdk.js');
  const options = { retryOptions: { maxRetries: 0, timeoutInMs: PROBE_MS } };
  let client: ServiceBusClient;
  if (target.kind === 'connection-string') client = new Client(sdkConnectionString(target), options);
  else if (credential !== undefined) client = new Client(namespaceHost(target.namespace), credential, options);
  else throw new TypeError('a target of Entra ID needs its credential');
  rememberConnection(client);
  return {
    administration,
    openSender: async (queue) => {
      const sender = client.createSender(queue);
      // Asking for the size of a batch opens the link, which is when the right is looked at.
      await sender.createMessageBatch();
      await sender.close();
    },
    peek: peekThrough(() => client),
    close: () => closeInTime(client, parts.clock),
  };
}

async function closeInTime(client: ServiceBusClient, clock: Clock): Promise<void> {
  await withinTime({ clock, limitMs: CLOSE_MS, operation: 'close' }, () => client.close()).catch(() => undefined);
  cutConnection(client);
}
