// What `doctor` asks of Key Vault: who is signed in, and each secret that the settings name.

import { AppError } from '../../domain/errors.js';
import type { HealthCheck } from '../../ports/diagnostics.js';
import { checkSignIn } from '../azure-access/check-sign-in.js';
import type { AzureCredential } from '../azure-access/credentials.js';
import { fail, ok } from '../azure-access/health.js';
import { type SecretName, VAULT_SCOPE, VaultSecrets } from './vault-secrets.js';

/** `wanted`: settings with the secrets they name. Values are read and shown to nobody. */
export async function checkVault(url: string, wanted: ReadonlyMap<string, SecretName>, credential: AzureCredential): Promise<readonly HealthCheck[]> {
  const signIn = await checkSignIn('key vault', credential, VAULT_SCOPE);
  if (signIn.some(({ status }) => status === 'fail')) return signIn;
  const vault = new VaultSecrets({ url, credential });
  const secrets = await Promise.all([...wanted].map(([setting, secret]) => checkSecret(vault, setting, secret)));
  return [...signIn, ...secrets];
}

async function checkSecret(vault: VaultSecrets, setting: string, secret: SecretName): Promise<HealthCheck> {
  const name = `key vault secret ${secret.name}`;
  try {
    await vault.read(secret);
    return ok(name, `read for ${setting}`);
  } catch (error) {
    if (!(error instanceof AppError)) throw error;
    return fail(name, `${error.message} [${error.code}]`, error.hint ?? 'see the message');
  }
}
