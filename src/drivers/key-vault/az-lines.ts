// The `az` commands about a vault, with what is known filled in and the rest in capitals.

export interface VaultAzLines {
  readonly find: string;
  readonly grantReader: string;
  setSecret(name: string): string;
}

/** The first part of its address. */
export function vaultName(url: string): string {
  return new URL(url).hostname.split('.')[0] ?? 'VAULT';
}

export function azLines(url: string, place: { readonly subscriptionId?: string; readonly resourceGroup?: string } = {}): VaultAzLines {
  const name = vaultName(url);
  const scope = `/subscriptions/${place.subscriptionId ?? 'SUBSCRIPTION'}/resourceGroups/${place.resourceGroup ?? 'GROUP'}/providers/Microsoft.KeyVault/vaults/${name}`;
  return {
    find: '`az keyvault list --query "[].{name:name,url:properties.vaultUri}" -o table`',
    grantReader: `\`az role assignment create --role "Key Vault Secrets User" --assignee WHO --scope ${scope}\``,
    // A value on the command line would stay in the shell's history.
    setSecret: (secret) => `\`az keyvault secret set --vault-name ${name} --name ${secret} --file FILE\``,
  };
}
