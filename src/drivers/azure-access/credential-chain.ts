// Which credentials of @azure/identity a choice stands for, in the order they are asked. Its DefaultAzureCredential is
// not used: it asks the metadata address of virtual machines on every laptop and gives its programs no limit of time.

import { createConnection } from 'node:net';

import type { TokenCredential } from '@azure/identity';

import type { Clock } from '../../ports/clock.js';
import { withinTime } from './within-time.js';

export interface NamedCredential {
  /** For people: `Azure CLI (az)`. */
  readonly name: string;
  readonly credential: TokenCredential;
}

export type CredentialChoice = 'auto' | 'cli' | 'managed-identity' | 'environment';

export interface CredentialPlace {
  readonly credential: CredentialChoice;
  /** Of a user-assigned managed identity. */
  readonly clientId?: string;
  /** This process runs where Azure gives it an identity; `auto` asks for it only then. */
  readonly inAzure?: boolean;
}

/** Loads @azure/identity. `programMs` limits each program (az, azd) that is started. */
export async function openCredentials(place: CredentialPlace, clock: Clock, programMs: number): Promise<readonly NamedCredential[]> {
  const identity = await import('@azure/identity');
  const processTimeoutInMs = programMs;
  const environment = (): NamedCredential => ({ name: 'environment (AZURE_TENANT_ID, AZURE_CLIENT_ID, …)', credential: new identity.EnvironmentCredential() });
  const clis = (): NamedCredential[] => [
    { name: 'Azure CLI (az)', credential: new identity.AzureCliCredential({ processTimeoutInMs }) },
    { name: 'Azure Developer CLI (azd)', credential: new identity.AzureDeveloperCliCredential({ processTimeoutInMs }) },
  ];
  const managed = (): NamedCredential => {
    const { clientId } = place;
    // Answers at once or after many retries; one look more is enough, since the SDK above asks again anyway.
    const options = { retryOptions: { maxRetries: 1 } };
    const credential = clientId === undefined ? new identity.ManagedIdentityCredential(options) : new identity.ManagedIdentityCredential({ clientId, ...options });
    return { name: 'managed identity', credential: place.inAzure === true ? credential : afterProbe(credential, clock) };
  };
  switch (place.credential) {
    case 'environment':
      return [environment()];
    case 'cli':
      return clis();
    case 'managed-identity':
      return [managed()];
    case 'auto':
      return [environment(), ...(place.inAzure === true ? [managed()] : []), ...clis()];
  }
}

/** Of virtual machines: https://learn.microsoft.com/azure/virtual-machines/instance-metadata-service */
const METADATA = { host: '169.254.169.254', port: 80 };
const PROBE_MS = 1_500;

/**
 * Where the network swallows what is sent to the metadata address, the SDK would wait for more than a minute, without a
 * way to stop it, and the process could not end. So the address is tried first. Exported for tests.
 */
export function afterProbe(credential: TokenCredential, clock: Clock, metadata = METADATA): TokenCredential {
  return {
    getToken: async (scopes, options) => {
      await probe(clock, metadata);
      return credential.getToken(scopes, options);
    },
  };
}

async function probe(clock: Clock, metadata: typeof METADATA): Promise<void> {
  try {
    await withinTime({ clock, limitMs: PROBE_MS, operation: 'reach the metadata address' }, (signal) => connectOnce(metadata, signal));
  } catch {
    throw new Error('there is none: the metadata address of virtual machines does not answer here');
  }
}

function connectOnce(metadata: typeof METADATA, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const socket = createConnection(metadata);
    const end = (error?: Error): void => {
      socket.destroy();
      if (error === undefined) resolve();
      else reject(error);
    };
    socket.once('connect', () => end());
    socket.once('error', end);
    signal.addEventListener('abort', () => end(new Error('no answer')), { once: true });
  });
}
