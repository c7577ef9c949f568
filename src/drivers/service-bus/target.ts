// Which Service Bus is meant, and how one signs in there: made from the configuration, taken by everything in this driver.

import { AppError } from '../../domain/errors.js';
import type { CredentialPlace } from '../azure-access/credential-chain.js';
import { canonicalConnectionString, isAzureHost, parseConnectionString } from './connection-string.js';

export type ServiceBusTarget = ConnectionStringTarget | EntraTarget;

export interface ConnectionStringTarget {
  readonly kind: 'connection-string';
  readonly connectionString: string;
  /** Address of the administration side where it is not the namespace's own: `http://localhost:5300` of an emulator. */
  readonly adminEndpoint?: string;
}

export interface EntraTarget extends CredentialPlace {
  readonly kind: 'entra';
  /** Host (`name.servicebus.windows.net`) or name of the namespace. */
  readonly namespace: string;
  /** Where the namespace is as a resource; without it queues cannot be counted or created by this way. */
  readonly arm?: ArmPlace;
}

export interface ArmPlace {
  readonly subscriptionId: string;
  readonly resourceGroup: string;
  /** Of another cloud than the public one: `https://management.usgovcloudapi.net`. */
  readonly endpoint?: string;
  /** What its tokens are asked for, where it is not the public cloud's. */
  readonly scope?: string;
  /** PEM, trusted for this endpoint only: of a proxy that opens TLS, or of a test. */
  readonly certificateAuthority?: string;
}

/** Where the AMQP side listens. */
export interface AmqpAddress {
  readonly host: string;
  readonly port: number;
  readonly tls: boolean;
}

/** Throws CONFIG_INVALID for a target that cannot work; never with a secret in the text. */
export function amqpAddress(target: ServiceBusTarget): AmqpAddress {
  if (target.kind === 'entra') return { host: namespaceHost(target.namespace), port: 5671, tls: true };
  const { host, port, tls } = parseConnectionString(target.connectionString);
  return { host, port: port ?? (tls ? 5671 : 5672), tls };
}

/** What the SDK is given: trimmed, in the spelling it reads, without EntityPath. Throws CONFIG_INVALID. A secret. */
export function sdkConnectionString(target: ConnectionStringTarget): string {
  return canonicalConnectionString(parseConnectionString(target.connectionString));
}

/** The namespace as people know it: the first part of an Azure host, else the host with its port. Throws CONFIG_INVALID. */
export function namespaceName(target: ServiceBusTarget): string {
  const { host, port, tls } = amqpAddress(target);
  if (isAzureHost(host)) return host.slice(0, host.indexOf('.'));
  return port === (tls ? 5671 : 5672) ? host : `${host}:${port}`;
}

/** Where emulators have their administration when nothing else is said. */
const EMULATOR_ADMIN_PORT = 5300;

/**
 * The address of the administration side: what was said; for an emulator http on its usual port, since emulators have no
 * certificate; else https on the namespace's host. Throws CONFIG_INVALID.
 */
export function adminUrl(target: ConnectionStringTarget): URL {
  const { host, port, tls } = parseConnectionString(target.connectionString);
  const text = target.adminEndpoint?.trim() ?? '';
  const shown = host.includes(':') ? `[${host}]` : host;
  if (text === '') return new URL(tls ? `https://${shown}${port === null ? '' : `:${port}`}/` : `http://${shown}:${EMULATOR_ADMIN_PORT}/`);
  const url = readUrl(text);
  if (url === null || !/^https?:$/.test(url.protocol) || url.username !== '' || url.pathname !== '/' || url.search !== '') {
    throw new AppError('CONFIG_INVALID', 'the administration address of Service Bus must be an http or https address of a host and port only', {
      hint: 'for example AZURE_SERVICE_BUS_ADMIN_ENDPOINT=http://localhost:5300',
    });
  }
  return url;
}

function readUrl(text: string): URL | null {
  try {
    return new URL(text);
  } catch {
    return null;
  }
}

/** `name`, `name.servicebus.windows.net`, `sb://name.servicebus.windows.net/` mean the same. Throws CONFIG_INVALID. */
export function namespaceHost(namespace: string): string {
  const host = namespace.trim().toLowerCase().replace(/^(sb|https|amqps):\/\//, '').replace(/\/$/, '');
  if (/^[a-z0-9.-]+$/.test(host)) return host.includes('.') ? host : `${host}.servicebus.windows.net`;
  // What came is not repeated: people paste connection strings here.
  throw new AppError('CONFIG_INVALID', 'the Service Bus namespace must be a name or host such as `name.servicebus.windows.net`', {
    hint: 'a connection string belongs into AZURE_SERVICE_BUS_CONNECTION_STRING',
  });
}
