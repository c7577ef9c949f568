// The `az` commands about a vault, with what is known filled in and the rest in capitals.

export interface VaultAzLines {
  readonly find: string;
  readonly grantReader: string;
  /** To whoever is signed in: owning the vault is no right to its secrets. */
  readonly grantWriter: string;
  setSecret(name: string): string;
}

/** The first part of its address; `VAULT` where the settings do not say it yet. */
export function vaultName(url: string | undefined): string {
  return url === undefined ? 'VAULT' : (new URL(url).hostname.split('.')[0] ?? 'VAULT');
}

export function azLines(url: string | undefined, place: { readonly subscriptionId?: string; readonly resourceGroup?: string } = {}): VaultAzLines {
  const name = vaultName(url);
  const scope = `/subscriptions/${place.subscriptionId ?? 'SUBSCRIPTION'}/resourceGroups/${place.resourceGroup ?? 'GROUP'}/providers/Microsoft.KeyVault/vaults/${name}`;
  return {
    find: '`az keyvault list --query "[].{name:name,url:properties.vaultUri}" -o table`',
    grantReader: `\`az role assignment create --role "Key Vault Secrets User" --assignee WHO --scope ${scope}\``,
    grantWriter: `\`az role assignment create --role "Key Vault Secrets Officer" --assignee "$(az ad signed-in-user show --query id -o tsv)" --scope ${scope}\``,
    // A value on the command line would stay in the shell's history.
    setSecret: (secret) => `\`az keyvault secret set --vault-name ${name} --name ${secret} --file FILE\``,
  };
}
