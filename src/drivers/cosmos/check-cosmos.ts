// What `doctor` asks of Cosmos DB: who is signed in, the container and its index, a read, a write, and what they cost.

import { randomUUID } from 'node:crypto';
import type { Container } from '@azure/cosmos';

import { AppError } from '../../domain/errors.js';
import type { Clock } from '../../ports/clock.js';
import type { HealthCheck } from '../../ports/diagnostics.js';
import { checkSignIn } from '../azure-access/check-sign-in.js';
import type { AzureCredential } from '../azure-access/credentials.js';
import { fail, ok } from '../azure-access/health.js';
import { withinTime } from '../azure-access/within-time.js';
import { azLines, type CosmosAzLines } from './az-lines.js';
import { checkDefinition } from './check-definition.js';
import { statusOf, toAppError } from './cosmos-errors.js';
import { type CosmosAccount, openClient } from './open-cosmos.js';

const SCOPE = 'https://cosmos.azure.com/.default';
const LIMIT_MS = 15_000;

export interface CheckCosmos {
  readonly account: CosmosAccount;
  /** Of an account without a key. */
  readonly credential?: AzureCredential;
  readonly resourceGroup?: string;
  readonly clock: Clock;
}

/** Leaves nothing behind: the document it writes for a try is deleted, or deletes itself in a minute. */
export async function checkCosmos({ account, credential, resourceGroup, clock }: CheckCosmos): Promise<readonly HealthCheck[]> {
  const signIn = credential === undefined ? [] : await checkSignIn('cosmos db', credential, SCOPE);
  if (signIn.some(({ status }) => status === 'fail')) return signIn;
  const client = openClient(account);
  const container = client.database(account.database).container(account.container);
  const place = { ...account, ...(resourceGroup === undefined ? {} : { resourceGroup }) };
  const look: Look = { account, container, az: azLines(place), clock, hasKey: 'key' in account.access };
  try {
    const found = await checkContainer(look);
    if (found.some(({ status }) => status === 'fail') && !found.some(({ name }) => name === 'cosmos db index')) return [...signIn, ...found];
    const isElsewhere = found.some(({ name, status }) => name === 'cosmos db partition key' && status === 'fail');
    // With another partition key both would fail for the same reason.
    return isElsewhere ? [...signIn, ...found] : [...signIn, ...found, await checkRead(look), await checkWrite(look)];
  } finally {
    client.dispose();
  }
}

interface Look {
  readonly account: CosmosAccount;
  readonly container: Container;
  readonly az: CosmosAzLines;
  readonly clock: Clock;
  readonly hasKey: boolean;
}

async function checkContainer(look: Look): Promise<readonly HealthCheck[]> {
  const { account, az } = look;
  const name = 'cosmos db container';
  const where = `${account.database}/${account.container} at ${account.endpoint}`;
  const answer = await asked(look, () => look.container.read());
  if (answer instanceof AppError) {
    if (answer.code === 'COSMOS_NOT_FOUND') return [await missing(look, name)];
    return [finding(look, name, answer)];
  }
  const definition = answer.resource;
  if (definition === undefined) return [fail(name, `${where} says nothing of itself`, az.find)];
  return [ok(name, where), ...checkDefinition(definition, az)];
}

/** The service answers 404 for either. */
async function missing(look: Look, name: string): Promise<HealthCheck> {
  const { account, az } = look;
  const database = await asked(look, () => look.container.database.read());
  const make = `make it: ${az.createDatabase}; then ${az.createContainer}`;
  if (database instanceof AppError && database.code === 'COSMOS_NOT_FOUND') return fail(name, `${account.endpoint} has no database ${account.database}`, make);
  // A right to the container alone does not show its database.
  if (database instanceof AppError) return fail(name, `${account.endpoint} has no database ${account.database}, or that has no container ${account.container}`, make);
  return fail(name, `the database ${account.database} has no container ${account.container}`, `make it: ${az.createContainer}`);
}

async function checkRead(look: Look): Promise<HealthCheck> {
  const name = 'cosmos db read';
  const answer = await asked(look, () => look.container.item('store', 'meta').read<{ storeId?: string }>());
  if (answer instanceof AppError) return finding(look, name, answer);
  const id = answer.resource?.storeId;
  return ok(name, `${id === undefined ? 'an empty store' : `store ${id}`}; a read of one document costs ${answer.requestCharge} RU`);
}

async function checkWrite(look: Look): Promise<HealthCheck> {
  const name = 'cosmos db write';
  const id = `doctor:${randomUUID()}`;
  const answer = await asked(look, async () => {
    const { requestCharge } = await look.container.items.upsert({ id, pk: 'meta', kind: 'meta', ttl: 60 });
    await look.container.item(id, 'meta').delete();
    return { requestCharge };
  });
  if (answer instanceof AppError) return finding(look, name, answer);
  return ok(name, `one small document costs ${answer.requestCharge} RU`);
}

function finding({ az, hasKey }: Look, name: string, error: AppError): HealthCheck {
  const isRefused = error.code === 'COSMOS_UNAUTHORIZED';
  const keyless = `give the identity the right to the data: ${az.grantData}`;
  const withKey = statusOf(error.cause) === 403 ? 'local authentication is off for this account, or a firewall is in the way: unset COSMOS_DB_KEY and sign in instead' : `take a key that is one of this account: ${az.listKeys}`;
  const remedy = isRefused ? (hasKey ? withKey : keyless) : error.code === 'BACKEND_UNAVAILABLE' ? `check COSMOS_DB_ENDPOINT, the network and firewalls; ${az.find}` : error.hint;
  return fail(name, `${error.message} [${error.code}]`, remedy ?? 'try again');
}

async function asked<T>({ clock, account }: Look, call: () => Promise<T>): Promise<T | AppError> {
  try {
    return await withinTime({ clock, limitMs: LIMIT_MS, operation: 'ask Cosmos DB' }, call);
  } catch (error) {
    const known = toAppError(error, account.endpoint);
    if (known instanceof AppError) return known.code === 'SB_TIMEOUT' ? new AppError('BACKEND_UNAVAILABLE', `${account.endpoint} does not answer`, { cause: error }) : known;
    throw error;
  }
}
