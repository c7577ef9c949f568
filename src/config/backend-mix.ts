// Which queue, store and files go together. What cannot work is refused before anything is opened, with the reason.

import { AppError } from '../domain/errors.js';
import type { Config } from './config.js';
import { chooseQueue } from './queue-choice.js';
import { neededReferences } from './vault-reference.js';

/** The first reason, as an AppError CONFIG_INVALID. Looks at settings only. */
export function refuseImpossibleMix(config: Config): void {
  const [problem] = mixProblems(config);
  if (problem !== undefined) throw problem;
}

/** All reasons, for `doctor`. */
export function mixProblems(config: Config): readonly AppError[] {
  return [...storeProblems(config), ...blobProblems(config), ...vaultProblems(config)];
}

function storeProblems(config: Config): AppError[] {
  if (config.store !== 'cosmos') return [];
  const problems: AppError[] = [];
  const choice = chooseQueue(config);
  if (choice.kind === 'sqlite') {
    const why = 'the queue would be a file of one machine while the jobs are shared by many, whose workers would never see it';
    const isSwitchedOff = config.useServiceBus === false && config.queue === 'servicebus';
    problems.push(
      invalid(
        isSwitchedOff ? `USE_SERVICE_BUS is off, and jobs in Cosmos DB cannot wait in a SQLite queue: ${why}` : `a SQLite queue and a store in Cosmos DB do not go together: ${why}`,
        isSwitchedOff ? 'unset USE_SERVICE_BUS, or keep the jobs in SQLite: `store: sqlite`' : 'choose `queue: servicebus` for it, or keep the jobs in SQLite: `store: sqlite`',
      ),
    );
  }
  if (config.fallback === 'local') {
    problems.push(invalid('`fallback: local` needs a store that has a queue of its own, and Cosmos DB has none', 'leave `fallback` at `relay`: what cannot be sent waits in Cosmos DB until Service Bus is back'));
  }
  const { cosmosEndpoint, cosmosKey } = config;
  if (cosmosEndpoint === undefined) {
    problems.push(invalid('the store is Cosmos DB, and COSMOS_DB_ENDPOINT is not set', 'set it, or the setting cosmosEndpoint of the profile; `az cosmosdb list --query "[].documentEndpoint" -o tsv` lists them'));
  } else problems.push(...addressProblems('COSMOS_DB_ENDPOINT', cosmosEndpoint, cosmosKey !== undefined));
  return problems;
}

function blobProblems({ blobs, storageConnectionString, storageAccountUrl }: Config): AppError[] {
  if (blobs !== 'azure' || storageConnectionString !== undefined) return [];
  if (storageAccountUrl !== undefined) return addressProblems('AZURE_STORAGE_ACCOUNT_URL', storageAccountUrl, false);
  return [
    invalid(
      'files go to Blob Storage, and neither AZURE_STORAGE_CONNECTION_STRING nor AZURE_STORAGE_ACCOUNT_URL is set',
      'set one of them, or keep the files beside the database: `blobs: fs`',
    ),
  ];
}

function vaultProblems(config: Config): AppError[] {
  const names = [...neededReferences(config).keys()];
  if (names.length === 0) return [];
  if (config.keyVaultUrl === undefined) {
    return [invalid(`${names.join(', ')} ${names.length === 1 ? 'is' : 'are'} to come from Key Vault, and KEY_VAULT_URL is not set`, 'set it, or the setting keyVaultUrl of the profile; `az keyvault list -o table` lists vaults')];
  }
  return addressProblems('KEY_VAULT_URL', config.keyVaultUrl, false);
}

/** Tokens never go over http, and data with a key only on this machine, as emulators are asked. */
function addressProblems(variable: string, address: string, hasKey: boolean): AppError[] {
  const { protocol, hostname } = new URL(address);
  if (protocol === 'https:') return [];
  if (hasKey && ['localhost', '127.0.0.1', '[::1]'].includes(hostname)) return [];
  return [invalid(`${variable} is ${address}, which must begin with https:// ${hasKey ? 'unless it is on this machine' : 'where Entra ID is signed in to'}`, 'correct the address')];
}

function invalid(message: string, hint: string): AppError {
  return new AppError('CONFIG_INVALID', message, { hint });
}
