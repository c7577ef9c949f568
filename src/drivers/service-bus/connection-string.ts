// Reads a connection string of Service Bus, and says everything that is wrong with one. A connection string is a secret:
// nothing of it is repeated but host, key name and queue, and these only when they look like what they should be.

import { distance } from 'fastest-levenshtein';

import { AppError } from '../../domain/errors.js';

export interface ConnectionString {
  /** Without port. */
  readonly host: string;
  /** Null: the protocol's own, 5671 with TLS and 5672 without. */
  readonly port: number | null;
  /** False only for emulators. */
  readonly tls: boolean;
  /** Null with a ready-made signature. */
  readonly keyName: string | null;
  readonly key: string | null;
  readonly signature: string | null;
  /** The one queue whose policy the key belongs to. */
  readonly entityPath: string | null;
}

export interface ConnectionStringProblem {
  /** `warn`: it may work all the same. */
  readonly status: 'warn' | 'fail';
  readonly detail: string;
  readonly remedy: string;
}

/** Throws CONFIG_INVALID for the first thing that cannot work. */
export function parseConnectionString(text: string): ConnectionString {
  const { parsed, problems } = inspectConnectionString(text);
  const first = problems.find(({ status }) => status === 'fail');
  if (first !== undefined || parsed === null) {
    throw new AppError('CONFIG_INVALID', `the Service Bus connection string cannot be used: ${first?.detail ?? 'it cannot be read'}`, {
      hint: first?.remedy ?? COPY_IT,
    });
  }
  return parsed;
}

/** `parsed` is null when the text is not a connection string of Service Bus at all. */
export function inspectConnectionString(text: string): { readonly parsed: ConnectionString | null; readonly problems: readonly ConnectionStringProblem[] } {
  const whole = wholeTextProblem(text);
  if (whole !== null) return { parsed: null, problems: [whole] };
  const { values, problems } = readParts(text.trim());
  const foreign = foreignService(values);
  if (foreign !== null) return { parsed: null, problems: [foreign] };
  const endpoint = readEndpoint(values.get('Endpoint'));
  const emulator = readEmulatorFlag(values.get('UseDevelopmentEmulator'));
  const found = [...problems, ...endpoint.problems, ...emulator.problems, ...keyProblems(values, endpoint.host), ...entityProblems(values)];
  if (endpoint.host === null) return { parsed: null, problems: found };
  const parsed: ConnectionString = {
    host: endpoint.host,
    port: endpoint.port,
    tls: !emulator.on,
    keyName: values.get('SharedAccessKeyName') ?? null,
    key: values.get('SharedAccessKey') ?? null,
    signature: values.get('SharedAccessSignature') ?? null,
    entityPath: values.get('EntityPath') ?? null,
  };
  return { parsed, problems: [...found, ...placeProblems(parsed)] };
}

/** In the one spelling that every SDK reads, without EntityPath: which queue is meant is said with each call. */
export function canonicalConnectionString(parsed: ConnectionString): string {
  const { host, port, tls, keyName, key, signature } = parsed;
  return [
    `Endpoint=sb://${host.includes(':') ? `[${host}]` : host}${port === null ? '' : `:${port}`}/`,
    ...(signature === null ? [`SharedAccessKeyName=${keyName ?? ''}`, `SharedAccessKey=${key ?? ''}`] : [`SharedAccessSignature=${signature}`]),
    ...(tls ? [] : ['UseDevelopmentEmulator=true']),
  ].join(';');
}

/** The names of namespaces in Azure's clouds. */
export function isAzureHost(host: string): boolean {
  return /^[a-z0-9-]+\.servicebus\.(windows\.net|chinacloudapi\.cn|usgovcloudapi\.net|cloudapi\.de)$/i.test(host);
}

export function isLoopback(host: string): boolean {
  return /^(localhost|127(\.\d{1,3}){3}|::1)$/i.test(host);
}

const COPY_IT =
  'copy it whole: `az servicebus namespace authorization-rule keys list -g GROUP --namespace-name NAMESPACE --name POLICY --query primaryConnectionString -o tsv`';

function fail(detail: string, remedy: string = COPY_IT): ConnectionStringProblem {
  return { status: 'fail', detail, remedy };
}

function warn(detail: string, remedy: string): ConnectionStringProblem {
  return { status: 'warn', detail, remedy };
}

/** What a pasted value can be instead of a connection string, before its parts are looked at. */
function wholeTextProblem(text: string): ConnectionStringProblem | null {
  const trimmed = text.trim();
  if (trimmed === '') return fail('it is empty');
  if (/^["'`]|["'`]$/.test(trimmed)) return fail('it stands in quotes, and they became part of it', 'take the quotes away; a file for `docker --env-file` has none');
  if (trimmed.startsWith('{') || trimmed.startsWith('[')) return fail('it is JSON, not a connection string');
  if (/^@Microsoft\.KeyVault\(/i.test(trimmed)) {
    return fail('it is a reference to a Key Vault that nobody resolved', 'let the platform resolve it, or read the secret: `az keyvault secret show --vault-name VAULT -n NAME --query value -o tsv`');
  }
  if (/[$%]\{|\$\(|<[^>]*>/.test(trimmed)) return fail('it still has a placeholder in it');
  if (/[\r\n]/.test(trimmed)) return fail('it has a line break in it: the line was wrapped, or two values were pasted');
  if (/[^\x20-\x7e]/.test(trimmed)) return fail('it has a character that no connection string has (an invisible one, or a typographic quote)');
  if (!trimmed.includes('=')) {
    const remedy = 'put a namespace into AZURE_SERVICE_BUS_NAMESPACE to sign in with Entra ID, or copy the connection string of one of its policies';
    return fail('it has no `Name=value` parts; a connection string begins with `Endpoint=sb://`', remedy);
  }
  return null;
}

const PARTS = ['Endpoint', 'SharedAccessKeyName', 'SharedAccessKey', 'SharedAccessSignature', 'EntityPath', 'UseDevelopmentEmulator'] as const;
type Part = (typeof PARTS)[number];

function readParts(text: string): { values: ReadonlyMap<string, string>; problems: readonly ConnectionStringProblem[] } {
  const values = new Map<string, string>();
  const problems: ConnectionStringProblem[] = [];
  for (const part of text.split(';').map((entry) => entry.trim())) {
    if (part === '') continue;
    const split = part.indexOf('=');
    if (split <= 0) {
      problems.push(fail('a part of it has no `=`: something is missing, or a `;` is one too many'));
      continue;
    }
    const written = part.slice(0, split).trim();
    const name = PARTS.find((known) => known.toLowerCase() === written.toLowerCase());
    if (name !== undefined && values.has(name)) problems.push(fail(`${name} is in it twice`));
    if (name === undefined) problems.push(...unknownPart(written));
    // Names compare without case, as in the other official SDKs; the one for JavaScript would not find them.
    values.set(name ?? written.toLowerCase(), part.slice(split + 1).trim());
  }
  return { values, problems };
}

/** Parts of other services and of older clients are no mistake; a near miss is. */
function unknownPart(written: string): readonly ConnectionStringProblem[] {
  const meant = meantPart(written);
  if (meant === undefined) return [];
  return [fail(`${written} is not a part it can have; ${meant} is`, meant === 'UseDevelopmentEmulator' ? 'write `UseDevelopmentEmulator=true`' : `write ${meant}`)];
}

function meantPart(written: string): Part | undefined {
  const letters = written.toLowerCase().replace(/[^a-z]/g, '');
  if (/^use(dev|emulator)/.test(letters) && letters.length < 30) return 'UseDevelopmentEmulator';
  return PARTS.find((known) => distance(letters, known.toLowerCase()) <= Math.min(3, known.length / 4));
}

/** Connection strings of other services that people paste. The names of their parts give them away. */
const FOREIGN: readonly (readonly [part: string, service: string])[] = [
  ['accountendpoint', 'Cosmos DB'],
  ['accountkey', 'a storage account'],
  ['blobendpoint', 'a storage account'],
  ['hostname', 'an IoT hub'],
  ['instrumentationkey', 'Application Insights'],
  ['accesskey', 'SignalR, Web PubSub or Communication Services'],
  ['secret', 'App Configuration'],
  ['server', 'a database'],
  ['data source', 'a database'],
];

function foreignService(values: ReadonlyMap<string, string>): ConnectionStringProblem | null {
  const [, service] = FOREIGN.find(([part]) => values.has(part)) ?? [];
  return service === undefined ? null : fail(`it is the connection string of ${service}, not of Service Bus`);
}

interface Endpoint {
  readonly host: string | null;
  readonly port: number | null;
  readonly problems: readonly ConnectionStringProblem[];
}

function readEndpoint(text: string | undefined): Endpoint {
  const bad = (...problem: Parameters<typeof fail>): Endpoint => ({ host: null, port: null, problems: [fail(...problem)] });
  if (text === undefined || text === '') return bad('it has no Endpoint; it begins with `Endpoint=sb://NAMESPACE.servicebus.windows.net/`');
  const match = /^([a-z]+):\/\/(\[[0-9a-f:]+\]|[a-z0-9.-]+)(?::(\d+))?(\/.*)?$/i.exec(text);
  if (match === null) return bad('its Endpoint is not an address of the form `sb://NAMESPACE.servicebus.windows.net/`');
  const [, scheme = '', host = '', port, path = ''] = match;
  const problems: ConnectionStringProblem[] = [];
  if (scheme.toLowerCase() !== 'sb') problems.push(fail(`its Endpoint begins with ${scheme.toLowerCase()}://; Service Bus needs sb://`, 'write `Endpoint=sb://` in front of the host'));
  if (port !== undefined && (Number(port) < 1 || Number(port) > 65_535)) problems.push(fail('the port of its Endpoint is not 1 to 65535'));
  if (path !== '' && path !== '/') problems.push(fail('its Endpoint has a path behind the host, or a `;` is missing there', 'end the Endpoint with the host: `Endpoint=sb://HOST/;`'));
  return { host: host.replace(/^\[|\]$/g, '').toLowerCase(), port: port === undefined ? null : Number(port), problems };
}

function readEmulatorFlag(text: string | undefined): { readonly on: boolean; readonly problems: readonly ConnectionStringProblem[] } {
  const value = text?.toLowerCase();
  if (value === undefined || value === 'false') return { on: false, problems: [] };
  if (value === 'true') return { on: true, problems: [] };
  return { on: false, problems: [fail('UseDevelopmentEmulator is neither true nor false', 'write `UseDevelopmentEmulator=true`')] };
}

/** Azure's keys are 32 bytes in base64, always. */
const AZURE_KEY = /^[A-Za-z0-9+/]{43}=$/;
const NAME = /^[A-Za-z0-9][A-Za-z0-9._-]{0,255}$/;

function keyProblems(values: ReadonlyMap<string, string>, host: string | null): readonly ConnectionStringProblem[] {
  const [name, key, signature] = [values.get('SharedAccessKeyName'), values.get('SharedAccessKey'), values.get('SharedAccessSignature')];
  if (signature !== undefined) {
    if (key !== undefined || name !== undefined) return [fail('it has both a key and a SharedAccessSignature', 'keep one of them')];
    if (!/^SharedAccessSignature sr=/i.test(signature)) return [fail('its SharedAccessSignature does not begin with `SharedAccessSignature sr=`')];
    return [warn('it has a ready-made signature instead of a key: it ends at its time and cannot count or create queues', 'use the key of a policy, or Entra ID')];
  }
  if (name === undefined || name === '') return [fail('it has no SharedAccessKeyName')];
  if (!NAME.test(name)) return [fail('its SharedAccessKeyName is not the name of a policy; perhaps a `;` is missing behind it')];
  if (key === undefined || key === '') return [fail('it has no SharedAccessKey')];
  if (/\s/.test(key)) return [fail('its SharedAccessKey has a space in it')];
  if (host === null || !isAzureHost(host) || AZURE_KEY.test(key)) return [];
  const detail = `its SharedAccessKey has ${key.length} characters${key.endsWith('=') ? '' : ' and no `=` at its end'}; keys of Azure have 44 and end with \`=\``;
  return [warn(`${detail}: it was probably cut off`, COPY_IT)];
}

function entityProblems(values: ReadonlyMap<string, string>): readonly ConnectionStringProblem[] {
  const path = values.get('EntityPath');
  if (path === undefined) return [];
  const what = /^[A-Za-z0-9._/-]{1,260}$/.test(path) ? `the queue ${path}` : 'one queue';
  return [warn(`it has an EntityPath: it comes from a policy of ${what} and opens no other`, 'use a policy of the namespace when several queues are worked')];
}

/** Where the address and the emulator flag do not go together. */
function placeProblems({ host, tls }: ConnectionString): readonly ConnectionStringProblem[] {
  if (!tls && isAzureHost(host)) return [fail('it says UseDevelopmentEmulator=true, and its host is in Azure', 'take `UseDevelopmentEmulator=true` out of it')];
  if (!tls || isAzureHost(host)) return [];
  if (isLoopback(host)) return [warn('its host is this machine and it has no `UseDevelopmentEmulator=true`: TLS is expected there', 'add `;UseDevelopmentEmulator=true` for an emulator')];
  const remedy = 'a namespace is written whole, `NAMESPACE.servicebus.windows.net`; an emulator needs `;UseDevelopmentEmulator=true`';
  return [warn(`its host ${host} is not one of Azure's`, remedy)];
}
