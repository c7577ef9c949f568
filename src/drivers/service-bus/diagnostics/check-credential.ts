// Who is signed in to Service Bus.

import type { HealthCheck } from '../../../ports/diagnostics.js';
import { checkSignIn } from '../../azure-access/check-sign-in.js';
import { type AzureCredential, SERVICE_BUS_SCOPE } from '../../azure-access/credentials.js';

export function checkCredential(credential: AzureCredential): Promise<readonly HealthCheck[]> {
  return checkSignIn('service bus', credential, SERVICE_BUS_SCOPE);
}
