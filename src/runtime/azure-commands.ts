// The `az` lines that create what the settings name and give an identity its rights, by part. Nothing is asked or run.

import type { Config } from '../config/config.js';
import { effectiveQueues } from '../config/effective-queues.js';
import { chooseQueue, namesServiceBus } from '../config/queue-choice.js';
import { looksLikeReference, neededReferences } from '../config/vault-reference.js';
import { readServiceBusConnection, type ServiceBusConnection } from './service-bus-connection.js';

export interface AzureSection {
  readonly title: string;
  readonly lines: readonly string[];
}

/** Empty where the settings name nothing in Azure. What they do not say stands in capitals; WHO is the identity's object id. */
export async function azureCommands(config: Config): Promise<readonly AzureSection[]> {
  const sections = await Promise.all([queueSection(config), storeSection(config), fileSection(config), vaultSection(config)]);
  return sections.filter((section) => section !== null).map(({ title, lines }) => ({ title, lines: lines.map(plain) }));
}

/** A name is small letters for who reads addresses; here it stands in capitals like all that is not said. */
const UNNAMED = 'a-namespace-without-a-name';

/** In hints they stand between backticks. */
function plain(line: string): string {
  return line.replaceAll('`', '').replaceAll(UNNAMED, 'NAMESPACE');
}

async function queueSection(config: Config): Promise<AzureSection | null> {
  if (chooseQueue(config).kind !== 'servicebus') return null;
  const { azLines } = await import('../drivers/service-bus/diagnostics/az-lines.js');
  const { target, name } = await namedServiceBus(config);
  const az = azLines(target);
  const queues = effectiveQueues(config).map((queue) => az.createQueue(queue));
  if (!(queues[0] ?? '').includes('`az ')) return { title: 'Service Bus: this one is an emulator, which makes its queues when it starts', lines: [] };
  const group = config.azureResourceGroup ?? 'GROUP';
  const namespace = `az servicebus namespace create -g ${group} --name ${name} --sku Basic --minimum-tls-version 1.2`;
  const title = 'Service Bus: the namespace, its queues, and the rights of processes that submit and work';
  if (config.serviceBusConnectionString !== undefined) return { title, lines: [namespace, ...queues, az.createPolicy('copiloteval', ['Send', 'Listen', 'Manage']), az.listKeys('copiloteval')] };
  return { title, lines: [`${namespace} --disable-local-auth true`, ...queues, az.grantRole('Azure Service Bus Data Sender'), az.grantRole('Azure Service Bus Data Receiver')] };
}

/** With a connection string that is in Key Vault only the settings beside it can name the namespace: nobody is asked. */
function namedServiceBus(config: Config): Promise<ServiceBusConnection> {
  const isKnown = namesServiceBus(config) && !looksLikeReference(config.serviceBusConnectionString);
  return readServiceBusConnection(isKnown ? config : { ...config, serviceBusConnectionString: undefined, serviceBusNamespace: config.serviceBusNamespace ?? UNNAMED });
}

async function storeSection(config: Config): Promise<AzureSection | null> {
  const { store, cosmosEndpoint, cosmosDatabase, cosmosContainer, azureResourceGroup } = config;
  if (store !== 'cosmos') return null;
  const { accountName, azLines } = await import('../drivers/cosmos/az-lines.js');
  const group = azureResourceGroup ?? 'GROUP';
  const account = accountName(cosmosEndpoint);
  const az = azLines({ endpoint: cosmosEndpoint, database: cosmosDatabase, container: cosmosContainer, resourceGroup: group });
  return {
    title: 'Cosmos DB: the account, its container with the index, and the right to the data',
    lines: [
      `az cosmosdb create -g ${group} --name ${account} --capabilities EnableServerless --default-consistency-level Session --backup-policy-type Continuous --continuous-tier Continuous7Days`,
      az.createDatabase,
      az.createContainer,
      ...(config.cosmosKey === undefined
        ? [az.grantData, `az resource update -g ${group} --name ${account} --resource-type Microsoft.DocumentDB/databaseAccounts --set properties.disableLocalAuth=true`]
        : [az.listKeys]),
    ],
  };
}

async function fileSection(config: Config): Promise<AzureSection | null> {
  if (config.blobs !== 'azure') return null;
  const { accountNameIn, accountNameOf, azLines } = await import('../drivers/azure-blob/az-lines.js');
  const { storageConnectionString, storageAccountUrl = '', storageContainer, azureResourceGroup, azureSubscriptionId } = config;
  const known = storageConnectionString === undefined ? accountNameOf(storageAccountUrl) : accountNameIn(storageConnectionString);
  const az = azLines({
    accountName: known,
    container: storageContainer,
    ...(azureResourceGroup === undefined ? {} : { resourceGroup: azureResourceGroup }),
    ...(azureSubscriptionId === undefined ? {} : { subscriptionId: azureSubscriptionId }),
  });
  const keyless = storageConnectionString === undefined ? ' --allow-shared-key-access false' : '';
  return {
    title: 'Blob Storage: the account, its container, and the right to the data',
    lines: [
      `az storage account create -g ${azureResourceGroup ?? 'GROUP'} --name ${known ?? 'ACCOUNT'} --sku Standard_LRS --kind StorageV2 --min-tls-version TLS1_2 --allow-blob-public-access false${keyless}`,
      az.createContainer,
      storageConnectionString === undefined ? az.grantData : az.connectionString,
    ],
  };
}

async function vaultSection(config: Config): Promise<AzureSection | null> {
  const references = neededReferences(config);
  if (references.size === 0) return null;
  const { azLines, vaultName } = await import('../drivers/key-vault/az-lines.js');
  const { azureResourceGroup, azureSubscriptionId } = config;
  const az = azLines(config.keyVaultUrl, {
    ...(azureResourceGroup === undefined ? {} : { resourceGroup: azureResourceGroup }),
    ...(azureSubscriptionId === undefined ? {} : { subscriptionId: azureSubscriptionId }),
  });
  return {
    title: 'Key Vault: the vault, its secrets, and the right to read them',
    lines: [
      `az keyvault create -g ${azureResourceGroup ?? 'GROUP'} --name ${vaultName(config.keyVaultUrl)} --enable-rbac-authorization true --enable-purge-protection true`,
      az.grantWriter,
      ...[...references.values()].map(({ name }) => az.setSecret(name)),
      az.grantReader,
    ],
  };
}
