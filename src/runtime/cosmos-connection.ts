// From the settings to the store in Cosmos DB that they mean.

import { randomUUID } from 'node:crypto';

import type { Config } from '../config/config.js';
import { AppError } from '../domain/errors.js';
import type { CosmosAccount, CosmosBackend } from '../drivers/cosmos/open-cosmos.js';
import type { Clock } from '../ports/clock.js';
import type { CredentialOnUse } from './azure-credential.js';

/** Signs in where no key is set. Throws CONFIG_INVALID and AZURE_CREDENTIAL. */
export async function cosmosAccount(config: Config, credential: CredentialOnUse): Promise<CosmosAccount> {
  const { cosmosEndpoint, cosmosKey, cosmosDatabase, cosmosContainer } = config;
  if (cosmosEndpoint === undefined) throw new AppError('CONFIG_INVALID', 'COSMOS_DB_ENDPOINT is not set');
  return {
    endpoint: cosmosEndpoint,
    access: cosmosKey === undefined ? { credential: await credential() } : { key: cosmosKey },
    database: cosmosDatabase,
    container: cosmosContainer,
  };
}

/** A worker looks after every change; what others left is free after fifteen seconds at the earliest. */
const OUTBOX_SEARCH_MS = 1_000;

export interface CosmosParts {
  readonly clock: Clock;
  readonly random: () => number;
  readonly credential: CredentialOnUse;
}

/** One read, which tells that the account, the container and the right to read are there. Throws what opening it throws. */
export async function openCosmosStore(config: Config, { clock, random, credential }: CosmosParts): Promise<CosmosBackend> {
  const [{ openCosmos }, account] = await Promise.all([import('../drivers/cosmos/open-cosmos.js'), cosmosAccount(config, credential)]);
  return openCosmos({ ...account, clock, random, owner: randomUUID(), searchEveryMs: OUTBOX_SEARCH_MS, retentionDays: config.retentionDays });
}
