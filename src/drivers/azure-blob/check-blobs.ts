// What `doctor` asks of Blob Storage: who is signed in, the container, a file written and read back.

import { randomUUID } from 'node:crypto';

import { AppError } from '../../domain/errors.js';
import type { Clock } from '../../ports/clock.js';
import type { HealthCheck } from '../../ports/diagnostics.js';
import { checkSignIn } from '../azure-access/check-sign-in.js';
import type { AzureCredential } from '../azure-access/credentials.js';
import { fail, ok, warn } from '../azure-access/health.js';
import { withinTime } from '../azure-access/within-time.js';
import { accountNameIn, accountNameOf, azLines, type BlobAzLines } from './az-lines.js';
import { KEYS_ARE_OFF, toAppError } from './azure-errors.js';
import { addressOf, type BlobAccount, openContainer } from './open-container.js';

const SCOPE = 'https://storage.azure.com/.default';
const LIMIT_MS = 15_000;

export interface CheckBlobs {
  readonly account: BlobAccount;
  readonly container: string;
  /** Of an account without a connection string. */
  readonly credential?: AzureCredential;
  readonly subscriptionId?: string;
  readonly resourceGroup?: string;
  readonly clock: Clock;
}

/** The file it writes for a try is deleted again. */
export async function checkBlobs({ credential, ...request }: CheckBlobs): Promise<readonly HealthCheck[]> {
  const signIn = credential === undefined ? [] : await checkSignIn('blob storage', credential, SCOPE);
  if (signIn.some(({ status }) => status === 'fail')) return signIn;
  const { account, container } = request;
  const url = 'url' in account ? account.url : undefined;
  const az = azLines({ ...request, accountName: 'url' in account ? accountNameOf(account.url) : accountNameIn(account.connectionString) });
  return [...signIn, ...(await checkContainer({ ...request, az, container, hasKey: url === undefined }))];
}

type Look = Omit<CheckBlobs, 'credential'> & { readonly az: BlobAzLines; readonly hasKey: boolean };

async function checkContainer(look: Look): Promise<readonly HealthCheck[]> {
  const name = 'blob storage container';
  let address = look.container;
  try {
    const client = openContainer(look.account, look.container, { retryOptions: { maxTries: 2, tryTimeoutInMs: 5_000, retryDelayInMs: 200 } });
    address = addressOf(client);
    const work = async (): Promise<readonly HealthCheck[]> => {
      if (!(await client.exists())) {
        return [warn(name, `${address} is not there; the first file makes it where the identity may do so`, look.az.createContainer)];
      }
      const blob = client.getBlockBlobClient(`.doctor/${randomUUID()}`);
      await blob.upload('doctor', 6);
      const back = (await blob.downloadToBuffer()).toString('utf8');
      await blob.deleteIfExists();
      return [ok(name, address), back === 'doctor' ? ok('blob storage files', 'one was written, read and deleted') : fail('blob storage files', 'a file came back as another', look.az.find)];
    };
    return await withinTime({ clock: look.clock, limitMs: LIMIT_MS, operation: 'ask Blob Storage' }, work);
  } catch (error) {
    const known = toAppError(error, address);
    if (!(known instanceof AppError)) throw error;
    return [fail(name, `${known.message} [${known.code}]`, remedyFor(known, look))];
  }
}

function remedyFor({ code, hint = 'try again' }: AppError, { az, hasKey }: Look): string {
  if (hint === KEYS_ARE_OFF) return hint;
  if (code === 'BLOB_UNAUTHORIZED') return hasKey ? `take the connection string of this account: ${az.connectionString}` : `give the identity the right to the data: ${az.grantData}`;
  if (code === 'BACKEND_UNAVAILABLE' || code === 'SB_TIMEOUT') return `check the address, the network and firewalls; ${az.find}`;
  return hint;
}
