// The `az` commands about the store, with what is known filled in and the rest in capitals.

import { DEFAULT_TTL, indexingPolicy, PARTITION_KEY } from './container-definition.js';

export interface StorePlace {
  /** Undefined where the settings do not say it yet. */
  readonly endpoint: string | undefined;
  readonly database: string;
  readonly container: string;
  readonly resourceGroup?: string;
}

export interface CosmosAzLines {
  readonly find: string;
  readonly listKeys: string;
  readonly createDatabase: string;
  readonly createContainer: string;
  /** Index and time to live; the partition key of a container never changes. */
  readonly updateContainer: string;
  /** A role of the account's own: it is not among the roles of Azure. */
  readonly grantData: string;
}

export function azLines({ endpoint, database, container, resourceGroup = 'GROUP' }: StorePlace): CosmosAzLines {
  const account = accountName(endpoint);
  const there = `-g ${resourceGroup} --account-name ${account}`;
  const index = `--ttl ${DEFAULT_TTL} --idx '${JSON.stringify(indexingPolicy())}'`;
  return {
    find: '`az cosmosdb list --query "[].{name:name,group:resourceGroup,endpoint:documentEndpoint}" -o table`',
    listKeys: `\`az cosmosdb keys list -g ${resourceGroup} --name ${account} --query primaryMasterKey -o tsv\``,
    createDatabase: `\`az cosmosdb sql database create ${there} --name ${database}\``,
    createContainer: `\`az cosmosdb sql container create ${there} --database-name ${database} --name ${container} --partition-key-path ${PARTITION_KEY.path} --partition-key-version ${PARTITION_KEY.version} ${index}\``,
    updateContainer: `\`az cosmosdb sql container update ${there} --database-name ${database} --name ${container} ${index}\``,
    grantData: `\`az cosmosdb sql role assignment create ${there} --role-definition-id 00000000-0000-0000-0000-000000000002 --principal-id WHO --scope /dbs/${database}/colls/${container}\``,
  };
}

/** `ACCOUNT` for an address that tells none. */
export function accountName(endpoint: string | undefined): string {
  const hostname = endpoint === undefined ? '' : new URL(endpoint).hostname;
  return hostname.endsWith('.documents.azure.com') ? (hostname.split('.')[0] ?? 'ACCOUNT') : 'ACCOUNT';
}
