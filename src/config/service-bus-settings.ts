// The settings that put the queues on Azure Service Bus. Names of variables that other tools know are kept.

import { optional, setting } from './setting.js';
import { oneWordOf, text, trueWord, webAddress } from './value-kinds.js';

const ANY_TEXT = /\S/;
const HOST = /^((sb|https|amqps):\/\/)?[A-Za-z0-9][A-Za-z0-9.-]{0,252}\/?$/;
const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

export const SERVICE_BUS_SETTINGS = {
  queue: setting(oneWordOf(['sqlite', 'servicebus']), 'sqlite', {
    env: 'COPILOTEVAL_QUEUE_BACKEND',
    description: 'What holds the queues: the SQLite file, or Azure Service Bus.',
  }),
  useServiceBus: optional(trueWord(), {
    env: 'USE_SERVICE_BUS',
    description: 'The switch: true uses Service Bus and falls back to SQLite without a connection; false switches it off, whatever `queue` says.',
  }),
  serviceBusConnectionString: optional(text('a connection string of Azure Service Bus', ANY_TEXT), {
    env: 'AZURE_SERVICE_BUS_CONNECTION_STRING',
    secret: true,
    description: 'Endpoint=sb://…;SharedAccessKeyName=…;SharedAccessKey=…; keep it out of version control.',
  }),
  serviceBusNamespace: optional(text('a namespace such as contoso.servicebus.windows.net', HOST), {
    env: 'AZURE_SERVICE_BUS_NAMESPACE',
    description: 'The namespace, for signing in with Entra ID; a connection string wins over it.',
  }),
  serviceBusAdminEndpoint: optional(webAddress(), {
    env: 'AZURE_SERVICE_BUS_ADMIN_ENDPOINT',
    description: 'Where counts and settings of queues are asked for when that is another address, as emulators have.',
  }),
  credential: setting(oneWordOf(['auto', 'cli', 'managed-identity', 'environment']), 'auto', {
    env: 'COPILOTEVAL_CREDENTIAL',
    description: 'How Entra ID is signed in to; auto tries each of the others.',
  }),
  azureClientId: optional(text('a client id', UUID), {
    env: 'AZURE_CLIENT_ID',
    description: 'The user-assigned managed identity, or the application of `environment`.',
  }),
  azureSubscriptionId: optional(text('a subscription id', UUID), {
    env: 'AZURE_SUBSCRIPTION_ID',
    description: 'With Entra ID: where the namespace is, for counts and creating queues.',
  }),
  azureResourceGroup: optional(text('the name of a resource group', /^[\p{L}\p{N}._()-]{1,90}$/u), {
    env: 'AZURE_RESOURCE_GROUP',
    description: 'With Entra ID: the resource group of the namespace.',
  }),
  fallback: setting(oneWordOf(['relay', 'local']), 'relay', {
    env: 'COPILOTEVAL_FALLBACK',
    description: 'What happens to new jobs while Service Bus cannot be reached: they wait for it, or go to the local queue.',
  }),
} as const;
