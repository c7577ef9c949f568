// The settings of the store in Cosmos DB, of files in Blob Storage and of the Key Vault. Names of variables that other
// tools know are kept.

import { optional, setting } from './setting.js';
import { oneWordOf, text, webAddress } from './value-kinds.js';

const ANY_TEXT = /\S/;
/** https://learn.microsoft.com/azure/cosmos-db/concepts-limits: 255 characters, none of / \ # ? */
const COSMOS_NAME = /^[^/\\#?\s]([^/\\#?]{0,253}[^/\\#?\s])?$/;
/** Naming and referencing containers, blobs, and metadata. */
const BLOB_CONTAINER = /^(?!.*--)[a-z0-9][a-z0-9-]{1,61}[a-z0-9]$/;

export const AZURE_SETTINGS = {
  store: setting(oneWordOf(['sqlite', 'cosmos']), 'sqlite', {
    env: 'COPILOTEVAL_STORE',
    description: 'What holds the jobs: the SQLite file of one machine, or Azure Cosmos DB for many; Cosmos DB needs `queue: servicebus`.',
  }),
  cosmosEndpoint: optional(webAddress(), {
    env: 'COSMOS_DB_ENDPOINT',
    description: 'The account, as in https://contoso.documents.azure.com.',
  }),
  cosmosKey: optional(text('a key of the account, or kv:NAME', ANY_TEXT), {
    env: 'COSMOS_DB_KEY',
    secret: true,
    description: "The account's key; without it Entra ID is signed in to, which needs no key.",
  }),
  cosmosDatabase: setting(text('the name of a database', COSMOS_NAME), 'copiloteval', {
    env: 'DATABASE_NAME',
    description: 'The database in the Cosmos DB account.',
  }),
  cosmosContainer: setting(text('the name of a container', COSMOS_NAME), 'jobs', {
    env: 'COSMOS_DB_CONTAINER',
    description: 'The container for jobs in that database.',
  }),
  blobs: setting(oneWordOf(['fs', 'azure']), 'fs', {
    env: 'STORAGE_BACKEND',
    description: 'Where files of jobs are kept: a directory beside the database, or Azure Blob Storage for many machines.',
  }),
  storageConnectionString: optional(text('a connection string of a storage account, or kv:NAME', ANY_TEXT), {
    env: 'AZURE_STORAGE_CONNECTION_STRING',
    secret: true,
    description: 'DefaultEndpointsProtocol=https;AccountName=…;AccountKey=…; it wins over the address of the account.',
  }),
  storageAccountUrl: optional(webAddress(), {
    env: 'AZURE_STORAGE_ACCOUNT_URL',
    description: 'The account, as in https://contoso.blob.core.windows.net, for signing in with Entra ID.',
  }),
  storageContainer: setting(text('the name of a container: 3 to 63 small letters, digits and single dashes', BLOB_CONTAINER), 'copiloteval', {
    env: 'AZURE_STORAGE_CONTAINER',
    description: 'The container for files in the storage account.',
  }),
  keyVaultUrl: optional(webAddress(), {
    env: 'KEY_VAULT_URL',
    description: 'The vault that secrets of the form kv:NAME are in, as in https://contoso.vault.azure.net.',
  }),
} as const;
