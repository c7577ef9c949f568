// What `doctor` asks of a Service Bus: from the settings over the network to the rights of the key and the queues. Each
// step is bounded; one that fails ends the walk where nothing behind it can work.

import type { Clock } from '../../ports/clock.js';
import type { Diagnostics, HealthCheck } from '../../ports/diagnostics.js';
import type { QueueSettings } from '../../ports/queue-admin.js';
import type { AzureCredential } from '../azure-access/credentials.js';
import { checkClock } from './diagnostics/check-clock.js';
import { checkCredential } from './diagnostics/check-credential.js';
import { checkNetwork } from './diagnostics/check-network.js';
import { checkQueues } from './diagnostics/check-queues.js';
import { checkRights } from './diagnostics/check-rights.js';
import { checkSettings } from './diagnostics/check-settings.js';
import { checkTier } from './diagnostics/check-tier.js';
import { lookAtNamespace } from './diagnostics/namespace-look.js';
import { openProbe } from './diagnostics/probe.js';
import { amqpAddress, type ServiceBusTarget } from './target.js';

export interface DiagnosticsParts {
  readonly target: ServiceBusTarget;
  /** What should be there. */
  readonly registry: readonly QueueSettings[];
  readonly clock: Clock;
  /** Of a target of kind `entra`. */
  readonly credential?: AzureCredential;
}

export class ServiceBusDiagnostics implements Diagnostics {
  readonly #parts: DiagnosticsParts;

  constructor(parts: DiagnosticsParts) {
    this.#parts = parts;
  }

  check(): Promise<readonly HealthCheck[]> {
    return diagnoseServiceBus(this.#parts);
  }
}

/** Needs nothing that is open, so that it can also look at settings with which nothing opens. At most about ten seconds. */
export async function diagnoseServiceBus(parts: DiagnosticsParts): Promise<readonly HealthCheck[]> {
  const { target, clock, credential } = parts;
  const settings = checkSettings(target);
  if (hasFailed(settings)) return settings;
  const address = amqpAddress(target);
  // The sign-in and the network do not wait for each other: each of them may take its whole limit.
  const [signIn, network] = await Promise.all([credential === undefined ? [] : checkCredential(credential), checkNetwork(address, clock)]);
  const before = [...settings, ...signIn, ...network];
  if (hasFailed(signIn) || hasFailed(network)) return before;
  return [...before, ...(await checkService(parts))];
}

async function checkService(parts: DiagnosticsParts): Promise<readonly HealthCheck[]> {
  const { target, registry, clock } = parts;
  const probe = await openProbe(parts);
  try {
    const [look, clocks] = await Promise.all([lookAtNamespace(probe.administration, clock), checkClock(target, clock)]);
    const rights = await checkRights({ target, probe, look, registry, clock });
    return [...rights.checks, checkTier(look), ...clocks, ...(await checkQueues({ target, probe, look, registry, clock, mayListen: rights.mayListen }))];
  } finally {
    await probe.close();
  }
}

function hasFailed(checks: readonly HealthCheck[]): boolean {
  return checks.some(({ status }) => status === 'fail');
}
