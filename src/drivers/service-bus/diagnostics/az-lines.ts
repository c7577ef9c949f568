// The command that mends a finding: of `az`, with what is known of the namespace filled in and the rest in capitals; of the
// emulator, where the namespace is one.

import { ISO_NEVER, printIsoDuration } from '../../../domain/iso-duration.js';
import type { QueueSettings } from '../../../ports/queue-admin.js';
import { amqpAddress, namespaceName, type ServiceBusTarget } from '../target.js';

export interface AzLines {
  createPolicy(name: string, rights: readonly string[]): string;
  listKeys(policy: string): string;
  createQueue(settings: QueueSettings): string;
  setStatus(queue: string, status: string): string;
  /** Of Entra ID, on the namespace. */
  grantRole(role: string): string;
}

export function azLines(target: ServiceBusTarget): AzLines {
  return target.kind === 'connection-string' && !amqpAddress(target).tls ? EMULATOR : azureLines(target);
}

function azureLines(target: ServiceBusTarget): AzLines {
  const name = namespaceName(target);
  const arm = target.kind === 'entra' ? target.arm : undefined;
  const group = arm?.resourceGroup ?? 'GROUP';
  const subscription = arm?.subscriptionId ?? 'SUBSCRIPTION';
  const there = `-g ${group} --namespace-name ${name}`;
  const scope = `/subscriptions/${subscription}/resourceGroups/${group}/providers/Microsoft.ServiceBus/namespaces/${name}`;
  return {
    createPolicy: (policy, rights) => `\`az servicebus namespace authorization-rule create ${there} --name ${policy} --rights ${rights.join(' ')}\``,
    listKeys: (policy) => `\`az servicebus namespace authorization-rule keys list ${there} --name ${policy} --query primaryConnectionString -o tsv\``,
    createQueue: ({ name: queue, lockMs, ttlMs, maxAttempts }) => {
      const ttl = printIsoDuration(ttlMs);
      return [
        `\`az servicebus queue create ${there} --name ${queue} --max-delivery-count ${maxAttempts} --lock-duration ${printIsoDuration(lockMs)}`,
        ...(ttl === ISO_NEVER ? [] : [`--default-message-time-to-live ${ttl}`]),
        '--enable-dead-lettering-on-message-expiration true`',
      ].join(' ');
    },
    setStatus: (queue, status) => `\`az servicebus queue update ${there} --name ${queue} --status ${status}\``,
    grantRole: (role) => `\`az role assignment create --role "${role}" --assignee WHO --scope ${scope}\``,
  };
}

const EMULATOR: AzLines = {
  createPolicy: (policy, rights) => `start the emulator with one more key: \`copiloteval emulator start --key ${policy}=SECRET:${rights.join(',')}\``,
  listKeys: () => 'the emulator prints its connection strings when it starts',
  createQueue: ({ name }) => `name ${name} in the file of \`copiloteval emulator start --queues FILE\``,
  setStatus: (queue, status) => `set the status of ${queue} to ${status} in the file of \`copiloteval emulator start --queues FILE\``,
  grantRole: () => 'an emulator knows no roles: use one of its keys',
};
