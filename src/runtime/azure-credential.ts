// Who signs in to Azure for this process: one chain for all services, made when the first of them asks.

import type { Config } from '../config/config.js';
import type { CredentialPlace } from '../drivers/azure-access/credential-chain.js';
import type { AzureCredential } from '../drivers/azure-access/credentials.js';
import type { Clock } from '../ports/clock.js';

export type CredentialOnUse = () => Promise<AzureCredential>;

export function credentialOnUse(config: Config, clock: Clock): CredentialOnUse {
  let made: Promise<AzureCredential> | undefined;
  const make = async (): Promise<AzureCredential> => {
    const { createCredential } = await import('../drivers/azure-access/credentials.js');
    return createCredential(credentialPlace(config), clock);
  };
  return () => (made ??= make());
}

export function credentialPlace({ credential, azureClientId, inAzure }: Config): CredentialPlace {
  return { credential, inAzure, ...(azureClientId === undefined ? {} : { clientId: azureClientId }) };
}
