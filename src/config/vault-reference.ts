// Secrets that stand in Key Vault: the setting has `kv:NAME`, or `kv:NAME/VERSION`, in their place.

import { isSecret, SETTING_NAMES, type SettingName, type SettingValues } from './schema.js';

export interface VaultReference {
  readonly name: string;
  /** The newest when undefined. */
  readonly version: string | undefined;
}

const BEGINNING = 'kv:';
/** https://learn.microsoft.com/azure/key-vault/general/about-keys-secrets-certificates */
const REFERENCE = /^kv:([0-9A-Za-z-]{1,127})(?:\/([0-9A-Za-z]{1,64}))?$/;

/** Whether somebody meant a secret of Key Vault; the name may still be none. */
export function looksLikeReference(value: unknown): value is string {
  return typeof value === 'string' && value.startsWith(BEGINNING);
}

/** Undefined when the name cannot be one. */
export function readReference(value: string): VaultReference | undefined {
  const [, name, version] = REFERENCE.exec(value) ?? [];
  return name === undefined ? undefined : { name, version };
}

/** The secrets in force that stand in Key Vault. The loader has seen to it that each name can be one. */
function vaultReferences(config: SettingValues): ReadonlyMap<SettingName, VaultReference> {
  const found = new Map<SettingName, VaultReference>();
  for (const name of SETTING_NAMES) {
    const value = config[name];
    const reference = isSecret(name) && looksLikeReference(value) ? readReference(value) : undefined;
    if (reference !== undefined) found.set(name, reference);
  }
  return found;
}

/** Those of parts that are in use: what a switched-off part would need is nobody's concern. */
export function neededReferences(config: SettingValues): ReadonlyMap<SettingName, VaultReference> {
  const unused: Partial<Record<SettingName, boolean>> = {
    // Switched off by hand it is still needed: what was left there can be fetched.
    serviceBusConnectionString: config.queue === 'sqlite' && config.useServiceBus === undefined,
    cosmosKey: config.store !== 'cosmos',
    storageConnectionString: config.blobs !== 'azure',
  };
  return new Map([...vaultReferences(config)].filter(([name]) => unused[name] !== true));
}
