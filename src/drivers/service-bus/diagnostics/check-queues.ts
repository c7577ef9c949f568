// Whether the queues that the configuration knows are there, and as they should be.

import { AppError } from '../../../domain/errors.js';
import type { HealthCheck } from '../../../ports/diagnostics.js';
import type { QueueSettings } from '../../../ports/queue-admin.js';
import type { BrokerQueue } from '../queue-administration.js';
import { planQueue } from '../queue-plan.js';
import { serviceBusError } from '../service-bus-errors.js';
import { withinTime } from '../../azure-access/within-time.js';
import { azLines } from './az-lines.js';
import type { RightsQuestion } from './check-rights.js';
import { fail, ok, warn } from '../../azure-access/health.js';
import { PROBE_MS } from './probe.js';

const NAME = 'service bus queues';

export async function checkQueues(question: RightsQuestion & { readonly mayListen: boolean }): Promise<readonly HealthCheck[]> {
  const { look, registry, mayListen } = question;
  if (!(look.queues instanceof AppError)) return byDescription(question, look.queues);
  if (!mayListen) return [warn(NAME, 'cannot be told without the right to manage or to listen', null)];
  const missing = await missingByPeeking(question);
  if (missing.length > 0) return missing.map((settings) => missingCheck(settings, question));
  return [ok(NAME, `${registry.length} expected, all there; their settings are not told without the right to manage`)];
}

function byDescription(question: RightsQuestion, queues: readonly BrokerQueue[]): readonly HealthCheck[] {
  const byName = new Map(queues.map((queue) => [queue.name.toLowerCase(), queue]));
  const found = question.registry.flatMap((settings) => {
    const queue = byName.get(settings.name.toLowerCase());
    return queue === undefined ? [missingCheck(settings, question)] : [...differences(settings, queue), ...obstacles(settings, queue, question)];
  });
  return found.length > 0 ? found : [ok(NAME, `${question.registry.length} expected, all there and as configured; ${queues.length} in the namespace`)];
}

function missingCheck(settings: QueueSettings, { target }: RightsQuestion): HealthCheck {
  return fail(NAME, `${settings.name} is missing`, `\`copiloteval queues create ${settings.name}\`, or ${azLines(target).createQueue(settings)}`);
}

function differences(settings: QueueSettings, queue: BrokerQueue): readonly HealthCheck[] {
  const { changes } = planQueue(settings, queue);
  if (changes.length === 0) return [];
  const told = changes.map(({ setting, from, to }) => `${setting} is ${from ?? 'not set'} and should be ${to}`).join(', ');
  return [warn(NAME, `${settings.name}: ${told}`, `\`copiloteval queues create ${settings.name}\` sets it, or say in the configuration that it is meant so`)];
}

function obstacles({ name }: QueueSettings, queue: BrokerQueue, { target }: RightsQuestion): readonly HealthCheck[] {
  if (queue.requiresSession) return [fail(NAME, `${name} requires sessions, which workers here do not take`, 'delete it when it is empty, and make it with `copiloteval queues create`')];
  if (queue.forwardTo !== null) return [fail(NAME, `${name} forwards its messages to ${queue.forwardTo}`, 'take the forwarding away in the portal, or configure the queue it forwards to')];
  if (queue.status !== 'Active') return [warn(NAME, `${name} is ${queue.status}`, `\`copiloteval queues resume ${name} --hard\`, or ${azLines(target).setStatus(name, 'Active')}`)];
  return [];
}

async function missingByPeeking({ registry, probe, clock }: RightsQuestion): Promise<readonly QueueSettings[]> {
  const looked = await Promise.all(
    registry.map(async (settings) => {
      const queue = settings.name;
      const look = withinTime({ clock, limitMs: PROBE_MS, operation: 'peek' }, () => probe.peek({ queue, limit: 1 }));
      const problem = await look.then(() => null, (error: unknown) => serviceBusError(error, { queue, operation: 'peek' }));
      return problem?.code === 'QUEUE_UNKNOWN' ? [settings] : [];
    }),
  );
  return looked.flat();
}
