// Signs in to Azure with an explicit chain of credentials, so that nobody has to guess which one was used and none of
// them can hold a command up. One instance per process: what it has, it keeps until shortly before it ends.

import type { AccessToken, GetTokenOptions, TokenCredential } from '@azure/identity';

import { AppError } from '../../domain/errors.js';
import type { Clock } from '../../ports/clock.js';
import { type CredentialChoice, type CredentialPlace, type NamedCredential, openCredentials } from './credential-chain.js';
import { redactSecrets } from './redact-secrets.js';
import { withinTime } from './within-time.js';

/** What data and queues of Service Bus are asked with. */
export const SERVICE_BUS_SCOPE = 'https://servicebus.azure.net/.default';
/** What resources are asked with. */
export const ARM_SCOPE = 'https://management.azure.com/.default';

export interface CredentialAnswer {
  readonly name: string;
  readonly ok: boolean;
  /** Who is signed in until when; or why not, in one line. */
  readonly detail: string;
}

export interface AzureCredential extends TokenCredential {
  /** What somebody does who could not be signed in, by the choice that the settings made. */
  readonly remedy: string;
  getToken(scopes: string | string[], options?: GetTokenOptions): Promise<AccessToken>;
  /** What each credential of the chain says, in order; all are asked, at once, each for as long as the limit. */
  answers(scope: string): Promise<readonly CredentialAnswer[]>;
}

const LIMIT_MS = 10_000;
/** A token with less left is asked for again: a link that opens with it must live some minutes. */
const SPARE_MS = 5 * 60_000;

export async function createCredential(place: CredentialPlace, clock: Clock, limitMs = LIMIT_MS): Promise<AzureCredential> {
  return new CredentialChain(await openCredentials(place, clock, limitMs), REMEDIES[place.credential], clock, limitMs);
}

const ANOTHER = 'or choose another `credential` (COPILOTEVAL_CREDENTIAL)';

const REMEDIES: Readonly<Record<CredentialChoice, string>> = {
  auto: `sign in with \`az login\`, set AZURE_TENANT_ID, AZURE_CLIENT_ID and AZURE_CLIENT_SECRET, ${ANOTHER}`,
  cli: `sign in with \`az login\`, ${ANOTHER}`,
  environment: `set AZURE_TENANT_ID, AZURE_CLIENT_ID and AZURE_CLIENT_SECRET, ${ANOTHER}`,
  'managed-identity': `give this machine an identity (\`az vm identity assign -g GROUP --name VM\`, \`az containerapp identity assign -g GROUP --name APP --system-assigned\`), name a user-assigned one with AZURE_CLIENT_ID, ${ANOTHER}: on a laptop \`cli\``,
};

class CredentialChain implements AzureCredential {
  readonly remedy: string;
  readonly #credentials: readonly NamedCredential[];
  readonly #clock: Clock;
  readonly #limitMs: number;
  /** The one that answered last; asked first from then on. */
  #used: NamedCredential | undefined;
  readonly #tokens = new Map<string, Promise<AccessToken>>();

  constructor(credentials: readonly NamedCredential[], remedy: string, clock: Clock, limitMs: number) {
    this.remedy = remedy;
    this.#credentials = credentials;
    this.#clock = clock;
    this.#limitMs = limitMs;
  }

  /**
   * Throws AZURE_CREDENTIAL with each credential's reason, after the limit at the latest. The SDK asks before every link it
   * opens, and az takes a second for each question: tokens are kept, and questions at the same time share one answer.
   */
  async getToken(scopes: string | string[], options: GetTokenOptions = {}): Promise<AccessToken> {
    const key = `${options.tenantId ?? ''} ${[scopes].flat().join(' ')}`;
    const kept = this.#tokens.get(key);
    // With claims the service has refused the kept token.
    if (kept !== undefined && options.claims === undefined) {
      const token = await kept;
      if (token.expiresOnTimestamp - this.#clock.now() > SPARE_MS) return token;
    }
    // Somebody else may have asked while this call waited for the kept one.
    const newer = this.#tokens.get(key);
    if (newer !== undefined && newer !== kept) return newer;
    const asked = this.#ask(scopes, options);
    this.#tokens.set(key, asked);
    asked.catch(() => {
      if (this.#tokens.get(key) === asked) this.#tokens.delete(key);
    });
    return asked;
  }

  async answers(scope: string): Promise<readonly CredentialAnswer[]> {
    return Promise.all(
      this.#credentials.map(async ({ name, credential }) => {
        try {
          const token = await this.#oneToken(name, credential, scope, {});
          return { name, ok: true, detail: `signed in${whoIs(token.token)}, until ${new Date(token.expiresOnTimestamp).toISOString()}` };
        } catch (error) {
          return { name, ok: false, detail: reasonOf(error) };
        }
      }),
    );
  }

  async #ask(scopes: string | string[], options: GetTokenOptions): Promise<AccessToken> {
    const reasons: string[] = [];
    const all = this.#used === undefined ? this.#credentials : [this.#used, ...this.#credentials.filter((one) => one !== this.#used)];
    const chain = async (signal: AbortSignal): Promise<AccessToken> => {
      for (const one of all) {
        if (signal.aborted) break;
        try {
          const token = await this.#oneToken(one.name, one.credential, scopes, options);
          this.#used = one;
          return token;
        } catch (error) {
          reasons.push(`${one.name}: ${reasonOf(error)}`);
        }
      }
      throw notSignedIn(reasons, this.remedy);
    };
    return withinTime({ clock: this.#clock, limitMs: this.#limitMs, operation: 'sign in to Azure' }, chain).catch((error: unknown) => {
      throw error instanceof AppError && error.code === 'AZURE_CREDENTIAL' ? error : notSignedIn([...reasons, reasonOf(error)], this.remedy);
    });
  }

  async #oneToken(name: string, credential: TokenCredential, scopes: string | string[], options: GetTokenOptions): Promise<AccessToken> {
    const limit = { clock: this.#clock, limitMs: this.#limitMs, operation: `sign in with ${name}` };
    const token = await withinTime(limit, () => credential.getToken(scopes, options));
    if (token === null) throw new Error('it gave no token');
    return token;
  }
}

function notSignedIn(reasons: readonly string[], hint: string): AppError {
  return new AppError('AZURE_CREDENTIAL', `cannot sign in to Azure: ${reasons.join('; ')}`, {
    hint,
    details: { reasons },
  });
}

/** The SDK explains itself over several lines; the first says what happened. */
function reasonOf(error: unknown): string {
  const text = error instanceof Error ? error.message : String(error);
  const [line = ''] = redactSecrets(text).split(/\r?\n/).map((line) => line.trim()).filter((line) => line !== '');
  // Where to read more is in its documents; here it would hide what happened.
  const first = line.replace(/\s*(?:To troubleshoot, visit|To mitigate this issue, see|Please visit https).*$/i, '');
  return first.length <= 240 ? first : `${first.slice(0, 240)}…`;
}

/** Not verified, only read: for people. */
function whoIs(token: string): string {
  try {
    const claims = JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString('utf8')) as Record<string, unknown>;
    const who = [claims['upn'], claims['unique_name'], claims['appid'], claims['oid']].find((claim) => typeof claim === 'string');
    const tenant = typeof claims['tid'] === 'string' ? ` of tenant ${claims['tid']}` : '';
    return who === undefined ? '' : ` as ${who}${tenant}`;
  } catch {
    return '';
  }
}
