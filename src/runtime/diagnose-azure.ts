// What `doctor` says of the parts in Azure. Opens each by itself, so that one that does not work hides no other.

import { mixProblems } from '../config/backend-mix.js';
import type { Config } from '../config/config.js';
import { effectiveQueues } from '../config/effective-queues.js';
import { neededReferences } from '../config/vault-reference.js';
import { AppError } from '../domain/errors.js';
import type { Clock } from '../ports/clock.js';
import type { HealthCheck } from '../ports/diagnostics.js';
import type { CredentialOnUse } from './azure-credential.js';
import { blobAccount } from './blob-connection.js';
import { cosmosAccount } from './cosmos-connection.js';
import { readServiceBusConnection } from './service-bus-connection.js';
import { withVaultSecrets } from './vault-settings.js';

export interface DiagnoseParts {
  readonly clock: Clock;
  readonly credential: CredentialOnUse;
}

/** Settings first: with impossible ones nothing is asked. Does not throw for what it finds. */
export async function diagnoseAzure(config: Config, parts: DiagnoseParts): Promise<readonly HealthCheck[]> {
  const problems = mixProblems(config).map((problem) => failed('settings', problem));
  if (problems.length > 0) return problems;
  const vault = await vaultChecks(config, parts);
  if (vault.some(({ status }) => status === 'fail')) return vault;
  const complete = await withVaultSecrets(config, parts.credential);
  const [store, files, queues] = await Promise.all([storeChecks(complete, parts), fileChecks(complete, parts), queueChecks(complete, parts)]);
  return withoutRepeats([...vault, ...store, ...files, ...queues]);
}

/** Each part tells who is signed in there; what a credential answers is told once. */
function withoutRepeats(checks: readonly HealthCheck[]): readonly HealthCheck[] {
  const seen = new Set<string>();
  return checks.filter(({ name, status }) => {
    const key = `${name} ${status}`;
    const isRepeated = name.startsWith('credential: ') && seen.has(key);
    seen.add(key);
    return !isRepeated;
  });
}

async function vaultChecks(config: Config, { credential }: DiagnoseParts): Promise<readonly HealthCheck[]> {
  const wanted = neededReferences(config);
  if (wanted.size === 0 || config.keyVaultUrl === undefined) return [];
  const { checkVault } = await import('../drivers/key-vault/check-vault.js');
  return checkVault(config.keyVaultUrl, wanted, await credential());
}

async function storeChecks(config: Config, { credential, clock }: DiagnoseParts): Promise<readonly HealthCheck[]> {
  if (config.store !== 'cosmos') return [];
  const { checkCosmos } = await import('../drivers/cosmos/check-cosmos.js');
  const { azureResourceGroup } = config;
  return checkCosmos({
    account: await cosmosAccount(config, credential),
    clock,
    ...(config.cosmosKey === undefined ? { credential: await credential() } : {}),
    ...(azureResourceGroup === undefined ? {} : { resourceGroup: azureResourceGroup }),
  });
}

async function fileChecks(config: Config, { credential, clock }: DiagnoseParts): Promise<readonly HealthCheck[]> {
  if (config.blobs !== 'azure') {
    if (config.store !== 'cosmos') return [];
    return [{ name: 'files', status: 'warn', detail: 'they are in a directory of this machine, where workers on other machines do not find them', remedy: 'choose `blobs: azure`, unless all workers run here' }];
  }
  const { checkBlobs } = await import('../drivers/azure-blob/check-blobs.js');
  const { azureResourceGroup, azureSubscriptionId } = config;
  return checkBlobs({
    ...(await blobAccount(config, credential)),
    clock,
    ...(config.storageConnectionString === undefined ? { credential: await credential() } : {}),
    ...(azureResourceGroup === undefined ? {} : { resourceGroup: azureResourceGroup }),
    ...(azureSubscriptionId === undefined ? {} : { subscriptionId: azureSubscriptionId }),
  });
}

/** Beside a SQLite store the runtime says it itself. */
async function queueChecks(config: Config, { credential, clock }: DiagnoseParts): Promise<readonly HealthCheck[]> {
  if (config.store !== 'cosmos') return [];
  try {
    const { target } = await readServiceBusConnection(config);
    const { diagnoseServiceBus } = await import('../drivers/service-bus/diagnostics.js');
    const signedIn = target.kind === 'entra' ? { credential: await credential() } : {};
    return await diagnoseServiceBus({ target, registry: effectiveQueues(config), clock, ...signedIn });
  } catch (error) {
    if (error instanceof AppError) return [failed('service bus', error)];
    throw error;
  }
}

function failed(name: string, error: AppError): HealthCheck {
  return { name, status: 'fail', detail: `${error.message} [${error.code}]`, remedy: error.hint ?? 'see the message' };
}
