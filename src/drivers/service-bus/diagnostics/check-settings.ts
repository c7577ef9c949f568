// The settings by themselves, before anything is asked: the connection string with each of its mistakes, the addresses.

import { AppError } from '../../../domain/errors.js';
import type { HealthCheck } from '../../../ports/diagnostics.js';
import { inspectConnectionString } from '../connection-string.js';
import { adminUrl, type ConnectionStringTarget, type EntraTarget, namespaceHost, type ServiceBusTarget } from '../target.js';
import { azLines } from './az-lines.js';
import { fail, ok, warn } from '../../azure-access/health.js';

const NAME = 'service bus settings';
const ROOT_KEY = 'RootManageSharedAccessKey';

export function checkSettings(target: ServiceBusTarget): readonly HealthCheck[] {
  return target.kind === 'entra' ? checkEntra(target) : checkConnectionString(target);
}

function checkConnectionString(target: ConnectionStringTarget): readonly HealthCheck[] {
  const { parsed, problems } = inspectConnectionString(target.connectionString);
  const found = problems.map(({ status, detail, remedy }) => (status === 'fail' ? fail : warn)(NAME, `connection string: ${detail}`, remedy));
  if (parsed === null || found.some(({ status }) => status === 'fail')) return found;
  const admin = attempt(() => adminUrl(target).origin);
  if (typeof admin !== 'string') return [...found, admin];
  const signed = parsed.keyName === null ? 'with a ready-made signature' : `with the key ${parsed.keyName}`;
  const good = found.length === 0 ? [ok(NAME, `${parsed.host} ${signed}, administration at ${admin}`)] : found;
  return [...good, ...rootKey(target, parsed.tls ? parsed.keyName : null)];
}

/** Emulators have no other key. */
function rootKey(target: ServiceBusTarget, keyName: string | null): readonly HealthCheck[] {
  if (keyName !== ROOT_KEY) return [];
  const az = azLines(target);
  return [
    warn(
      'service bus key',
      `${ROOT_KEY} may do everything to the whole namespace, and cannot be taken from one program without taking it from all`,
      `make a policy with less: ${az.createPolicy('copiloteval-worker', ['Listen', 'Send'])}, then ${az.listKeys('copiloteval-worker')}`,
    ),
  ];
}

function checkEntra(target: EntraTarget): readonly HealthCheck[] {
  const host = attempt(() => namespaceHost(target.namespace));
  if (typeof host !== 'string') return [host];
  if (target.arm !== undefined) return [ok(NAME, `${host} with Entra ID, administration by Resource Manager in ${target.arm.resourceGroup}`)];
  return [ok(NAME, `${host} with Entra ID (credential: ${target.credential}), administration by the namespace itself`)];
}

function attempt(read: () => string): string | HealthCheck {
  try {
    return read();
  } catch (error) {
    if (!(error instanceof AppError)) throw error;
    return fail(NAME, error.message, error.hint ?? 'correct the setting');
  }
}
