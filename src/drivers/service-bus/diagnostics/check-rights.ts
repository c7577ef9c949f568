// Which of the three rights the key or identity has. One that a program does not need is not a fault: those who only
// submit should have Send alone.

import { AppError } from '../../../domain/errors.js';
import type { Clock } from '../../../ports/clock.js';
import type { HealthCheck } from '../../../ports/diagnostics.js';
import type { QueueSettings } from '../../../ports/queue-admin.js';
import { serviceBusError } from '../service-bus-errors.js';
import type { ServiceBusTarget } from '../target.js';
import { withinTime } from '../../azure-access/within-time.js';
import { type AzLines, azLines } from './az-lines.js';
import { fail, ok, warn } from '../../azure-access/health.js';
import type { NamespaceLook } from './namespace-look.js';
import { PROBE_MS, type Probe } from './probe.js';

export interface RightsQuestion {
  readonly target: ServiceBusTarget;
  readonly probe: Probe;
  readonly look: NamespaceLook;
  readonly registry: readonly QueueSettings[];
  readonly clock: Clock;
}

export interface RightsAnswer {
  readonly checks: readonly HealthCheck[];
  readonly mayListen: boolean;
}

type Right = 'send' | 'listen';

/** What lacks without it, and what grants it. */
const RIGHTS: Readonly<Record<Right | 'manage', { readonly use: string; readonly role: string; readonly policy: readonly string[] }>> = {
  send: { use: 'jobs cannot be submitted or retried', role: 'Azure Service Bus Data Sender', policy: ['Send'] },
  listen: { use: 'no worker can run and dead letters cannot be seen', role: 'Azure Service Bus Data Receiver', policy: ['Listen'] },
  manage: { use: 'queues cannot be counted or created (`stats` counts what it can see)', role: 'Azure Service Bus Data Owner', policy: ['Manage', 'Send', 'Listen'] },
};

export async function checkRights(question: RightsQuestion): Promise<RightsAnswer> {
  const queue = queueToTry(question);
  const [send, listen] = await Promise.all([
    tryRight(question.clock, queue, 'open a sender', () => question.probe.openSender(queue)),
    tryRight(question.clock, queue, 'peek', () => question.probe.peek({ queue, limit: 1 })),
  ]);
  const az = azLines(question.target);
  // With neither, nothing at all works.
  const both = [send, listen].every((problem) => problem?.code === 'SB_UNAUTHORIZED');
  return {
    checks: [dataCheck('send', send, { queue, both, az, question }), dataCheck('listen', listen, { queue, both, az, question }), manageCheck(question, az)],
    mayListen: listen === null,
  };
}

/** One that is there, if that can be told: the rights on a missing queue cannot be. */
function queueToTry({ look, registry }: RightsQuestion): string {
  const known = look.queues instanceof AppError ? undefined : look.queues;
  const wanted = registry.find(({ name }) => known?.some((queue) => queue.name === name && queue.status === 'Active') ?? true);
  return wanted?.name ?? known?.find(({ status }) => status === 'Active')?.name ?? registry[0]?.name ?? 'copiloteval-doctor';
}

async function tryRight(clock: Clock, queue: string, operation: string, attempt: () => Promise<unknown>): Promise<AppError | null> {
  try {
    await withinTime({ clock, limitMs: PROBE_MS, operation }, attempt);
    return null;
  } catch (error) {
    return serviceBusError(error, { queue, operation });
  }
}

function dataCheck(right: Right, problem: AppError | null, at: { queue: string; both: boolean; az: AzLines; question: RightsQuestion }): HealthCheck {
  const name = `service bus right: ${right}`;
  const { queue, both, az, question } = at;
  if (problem === null) return ok(name, `granted (tried on ${queue})`);
  const { use } = RIGHTS[right];
  if (problem.code === 'QUEUE_UNKNOWN') return warn(name, `cannot be told while the queue ${queue} is missing`, 'make the queue first, then run `copiloteval doctor` again');
  if (problem.code !== 'SB_UNAUTHORIZED') return fail(name, problem.message, problem.hint ?? 'try again');
  if (both) return fail(name, `refused: ${problem.message}`, refusedRemedy(question.target, az));
  return warn(name, `not granted: ${use}`, `if it is needed here: ${grant(right, question.target, az)}`);
}

function manageCheck({ look, target }: RightsQuestion, az: AzLines): HealthCheck {
  const name = 'service bus right: manage';
  if (!(look.queues instanceof AppError)) return ok(name, `granted (by ${look.source})`);
  const { code, message, hint } = look.queues;
  if (code === 'SB_UNAUTHORIZED') return warn(name, `not granted: ${RIGHTS.manage.use}`, `if it is needed here: ${grant('manage', target, az)}`);
  const address = target.kind === 'connection-string' ? 'check AZURE_SERVICE_BUS_ADMIN_ENDPOINT; emulators have it at http://localhost:5300' : undefined;
  return fail(name, message, code === 'SB_UNREACHABLE' || code === 'SB_TIMEOUT' ? (address ?? hint ?? 'try again') : (hint ?? 'try again'));
}

function grant(right: Right | 'manage', target: ServiceBusTarget, az: AzLines): string {
  if (target.kind === 'connection-string') return az.createPolicy(`copiloteval-${right}`, RIGHTS[right].policy);
  // By Resource Manager it is a right on the resource, not on its data.
  return az.grantRole(right === 'manage' && target.arm !== undefined ? 'Reader' : RIGHTS[right].role);
}

/** A refused key says the same for every reason: these are the usual ones. */
function refusedRemedy(target: ServiceBusTarget, az: AzLines): string {
  if (target.kind === 'entra') return `give the identity a role, which takes some minutes to work: ${az.grantRole('Azure Service Bus Data Owner')}`;
  return `the key may be cut off, renewed, of another namespace, or signed with a wrong clock; copy it again: ${az.listKeys('POLICY')}`;
}
