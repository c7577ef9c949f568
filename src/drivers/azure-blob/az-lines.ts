// The `az` commands about the files, with what is known filled in and the rest in capitals.

export interface BlobPlace {
  /** Of the account; undefined when only a connection string is known. */
  readonly accountName: string | undefined;
  readonly container: string;
  readonly subscriptionId?: string;
  readonly resourceGroup?: string;
}

export interface BlobAzLines {
  readonly find: string;
  readonly createContainer: string;
  readonly grantData: string;
  readonly connectionString: string;
}

export function azLines({ accountName = 'ACCOUNT', container, subscriptionId = 'SUBSCRIPTION', resourceGroup = 'GROUP' }: BlobPlace): BlobAzLines {
  const scope = `/subscriptions/${subscriptionId}/resourceGroups/${resourceGroup}/providers/Microsoft.Storage/storageAccounts/${accountName}/blobServices/default/containers/${container}`;
  return {
    find: '`az storage account list --query "[].{name:name,group:resourceGroup,url:primaryEndpoints.blob}" -o table`',
    // By Resource Manager: who has just made the account has no right to its data yet, and keys may be off.
    createContainer: `\`az storage container-rm create -g ${resourceGroup} --storage-account ${accountName} --name ${container}\``,
    grantData: `\`az role assignment create --role "Storage Blob Data Contributor" --assignee WHO --scope ${scope}\``,
    connectionString: `\`az storage account show-connection-string -g ${resourceGroup} --name ${accountName} -o tsv\``,
  };
}

/** `https://contoso.blob.core.windows.net` is of contoso; other addresses tell no name. */
export function accountNameOf(url: string): string | undefined {
  return /^https?:\/\/([a-z0-9]{3,24})\.blob\./.exec(url)?.[1];
}

/** Of a connection string of Azure; emulators have an address of their own in it. */
export function accountNameIn(connectionString: string): string | undefined {
  return /BlobEndpoint=/i.test(connectionString) ? undefined : /(?:^|;)\s*AccountName=([a-z0-9]{3,24})(?:;|$)/i.exec(connectionString)?.[1];
}
