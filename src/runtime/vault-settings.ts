// Puts the secrets that stand in Key Vault into the settings, before anything is opened with them.

import type { Config } from '../config/config.js';
import type { SettingName } from '../config/schema.js';
import { type VaultReference, vaultReferences } from '../config/vault-reference.js';
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

/** Those of parts that are in use: what a switched-off part would need is nobody's concern. */
export function neededReferences(config: Config): ReadonlyMap<SettingName, VaultReference> {
  const unused: Partial<Record<SettingName, boolean>> = {
    // Switched off by hand it is still needed: what was left there can be fetched.
    serviceBusConnectionString: config.queue === 'sqlite' && config.useServiceBus === undefined,
    cosmosKey: config.store !== 'cosmos',
    storageConnectionString: config.blobs !== 'azure',
  };
  return new Map([...vaultReferences(config)].filter(([name]) => unused[name] !== true));
}
