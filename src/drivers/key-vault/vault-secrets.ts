// Reads secrets from Key Vault (@azure/keyvault-secrets), and translates what it and its SDK report.

import { SecretClient, type SecretClientOptions } from '@azure/keyvault-secrets';

import { AppError } from '../../domain/errors.js';
import type { AzureCredential } from '../azure-access/credentials.js';
import { azLines } from './az-lines.js';

export const VAULT_SCOPE = 'https://vault.azure.net/.default';

export interface OpenVault {
  readonly url: string;
  readonly credential: AzureCredential;
}

export interface SecretName {
  readonly name: string;
  readonly version?: string | undefined;
}

/** Asked once per process, so that two tries and a few seconds are enough before somebody is told. */
const RETRIES: NonNullable<SecretClientOptions['retryOptions']> = { maxRetries: 2, maxRetryDelayInMs: 1_000 };

export class VaultSecrets {
  readonly #url: string;
  readonly #client: SecretClient;

  constructor({ url, credential }: OpenVault) {
    this.#url = url;
    this.#client = new SecretClient(url, credential, {
      retryOptions: RETRIES,
      // The SDK wants the vault's challenge to name the vault's own domain; a counterpart on this machine has none.
      disableChallengeResourceVerification: isThisMachine(url),
    });
  }

  /** KEY_VAULT_SECRET_MISSING, KEY_VAULT_UNAUTHORIZED, AZURE_CREDENTIAL, BACKEND_UNAVAILABLE. */
  async read({ name, version }: SecretName): Promise<string> {
    try {
      const { value } = await this.#client.getSecret(name, version === undefined ? {} : { version });
      if (value !== undefined && value !== '') return value;
    } catch (error) {
      throw this.#translated(error, name);
    }
    throw new AppError('KEY_VAULT_SECRET_MISSING', `the secret ${name} of ${this.#url} is empty`, { hint: `set it: ${azLines(this.#url).setSecret(name)}` });
  }

  #translated(error: unknown, name: string): unknown {
    if (error instanceof AppError || !(error instanceof Error)) return error;
    const status = 'statusCode' in error && typeof error.statusCode === 'number' ? error.statusCode : undefined;
    const az = azLines(this.#url);
    if (status === 404) return new AppError('KEY_VAULT_SECRET_MISSING', `${this.#url} has no secret ${name}`, { hint: `set it: ${az.setSecret(name)}`, cause: error });
    if (status === 401 || status === 403) {
      return new AppError('KEY_VAULT_UNAUTHORIZED', `${this.#url} refused the identity for the secret ${name} (${status})`, {
        hint: `give the identity the right to read secrets: ${az.grantReader}`,
        cause: error,
      });
    }
    const reason = status ?? ('code' in error && typeof error.code === 'string' ? error.code : error.name);
    return new AppError('BACKEND_UNAVAILABLE', `${this.#url} did not answer for the secret ${name} (${reason})`, { hint: `check KEY_VAULT_URL and the network; ${az.find}`, cause: error });
  }
}

function isThisMachine(url: string): boolean {
  return ['localhost', '127.0.0.1', '[::1]'].includes(new URL(url).hostname);
}
