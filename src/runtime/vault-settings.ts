// Puts the secrets that stand in Key Vault into the settings, before anything is opened with them.

import type { Config } from '../config/config.js';
import { neededReferences } from '../config/vault-reference.js';
import type { CredentialOnUse } from './azure-credential.js';

/** The same settings where none of them names Key Vault. Throws KEY_VAULT_…, AZURE_CREDENTIAL, BACKEND_UNAVAILABLE. */
export async function withVaultSecrets(config: Config, credential: CredentialOnUse): Promise<Config> {
  const references = neededReferences(config);
  const { keyVaultUrl } = config;
  if (references.size === 0 || keyVaultUrl === undefined) return config;
  const { VaultSecrets } = await import('../drivers/key-vault/vault-secrets.js');
  const vault = new VaultSecrets({ url: keyVaultUrl, credential: await credential() });
  const values = await Promise.all([...references].map(async ([name, reference]) => [name, await vault.read(reference)] as const));
  return Object.freeze({ ...config, ...Object.fromEntries(values) });
}
