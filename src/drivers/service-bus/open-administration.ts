// Which way a namespace is administered: by Resource Manager where the target says where the namespace is as a resource,
// else by the namespace's own protocol.

import { openArmAdministration } from './arm-administration.js';
import { openAtomAdministration } from './atom-administration.js';
import { ARM_BUDGET, ATOM_BUDGET, type CountBudget } from './counted-queues.js';
import type { AzureCredential } from '../azure-access/credentials.js';
import type { QueueAdministration } from './queue-administration.js';
import { namespaceName, type ServiceBusTarget } from './target.js';

export interface OpenAdministration {
  readonly administration: QueueAdministration;
  /** How often it may be asked for counts. */
  readonly budget: CountBudget;
}

/** `credential` is needed for a target of kind `entra`. Nothing is asked yet. Throws CONFIG_INVALID. */
export async function openAdministration(target: ServiceBusTarget, credential: AzureCredential | undefined): Promise<OpenAdministration> {
  if (target.kind === 'connection-string') return { administration: await openAtomAdministration(target), budget: ATOM_BUDGET };
  if (credential === undefined) throw new TypeError('a target of Entra ID needs its credential');
  const { arm, namespace } = target;
  if (arm === undefined) return { administration: await openAtomAdministration({ kind: 'entra', namespace, credential }), budget: ATOM_BUDGET };
  return { administration: await openArmAdministration({ place: arm, namespace: namespaceName(target), credential }), budget: ARM_BUDGET };
}
