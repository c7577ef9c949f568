// Whether Azure gives this process an identity that it can ask for.

/** App Service, Container Apps, AKS, Arc and Cloud Shell tell it by one of these. */
const IDENTITY_VARIABLES = ['IDENTITY_ENDPOINT', 'MSI_ENDPOINT', 'AZURE_FEDERATED_TOKEN_FILE', 'AZURE_POD_IDENTITY_AUTHORITY_HOST'] as const;

/**
 * Virtual machines have an identity without any of these: there `credential: managed-identity` says so. Asking without
 * a sign of it costs a second on every laptop whose network swallows the address.
 */
export function runsInAzure(variable: (name: string) => string | undefined): boolean {
  return IDENTITY_VARIABLES.some((name) => (variable(name) ?? '') !== '');
}
