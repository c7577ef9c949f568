// The calls the driver makes, each with its retries and its cost. The SDK repeats throttled requests (429) by itself; this
// repeats what it does not (408, 449, 503, lost connections), a few times with jitter.

import type { ChangeFeedIteratorOptions, Container, OperationInput, PatchOperation, SqlQuerySpec } from '@azure/cosmos';

import { AppError, hasCode } from '../../domain/errors.js';
import type { JsonObject } from '../../domain/json.js';
import type { Clock } from '../../ports/clock.js';
import { BEHIND_SESSION, isAmbiguous, isBehindSession, isWorthRepeating, statusOf, toAppError } from './cosmos-errors.js';
import { withRequestError } from './request-errors.js';

export interface CosmosCallsParts {
  readonly container: Container;
  readonly endpoint: string;
  readonly clock: Clock;
  readonly random: () => number;
}

/** What a write came to. `uncertain`: an earlier try got no answer, so `refused` may be about our own write. */
export type Written = { readonly kind: 'done'; readonly document: unknown } | { readonly kind: 'refused'; readonly status: number; readonly uncertain: boolean };

const MAX_TRIES = 5;
const FIRST_PAUSE_MS = 40;
const REFUSALS: readonly unknown[] = [404, 409, 412];

export class CosmosCalls {
  /** Of all answers so far, as the service charged them. */
  requestUnits = 0;
  requests = 0;
  readonly #parts: CosmosCallsParts;

  constructor(parts: CosmosCallsParts) {
    this.#parts = parts;
  }

  async read<T>(partition: string, id: string): Promise<T | undefined> {
    const read = async (): Promise<Answer & { readonly resource?: unknown }> => {
      const answer = await this.#container.item(id, partition).read<Record<string, unknown>>();
      // The SDK gives back every 404 as an answer.
      if (isBehindSession(answer.substatus)) throw Object.assign(new Error('the replica has not heard yet of what was written'), { code: BEHIND_SESSION });
      return answer;
    };
    return (await this.#repeat(read, 'read')).resource as T | undefined;
  }

  /**
   * Whether the document is there by the replica that takes the writes, and reads of this client know it from then on: without
   * a session token of its writer a read may be answered by a replica that has not heard of it. Writes nothing and costs about
   * as much as a small write. False also for who may not write.
   */
  async isThere(partition: string, id: string): Promise<boolean> {
    try {
      const written = await this.patch(partition, id, [{ op: 'set', path: '/never', value: null }], "c.pk = ''");
      return written.kind === 'done' || written.status === 412;
    } catch (error) {
      if (hasCode(error, 'COSMOS_UNAUTHORIZED')) return false;
      throw error;
    }
  }

  async create(document: { readonly id: string; readonly pk: string }): Promise<Written> {
    return this.#write(() => this.#container.items.create(document));
  }

  async upsert(document: { readonly id: string; readonly pk: string }): Promise<void> {
    await this.#repeat(() => this.#container.items.upsert(document), 'write');
  }

  /** The condition, of the form `c.x = 1`, may hold numbers and words of ours only: it takes no parameters. */
  async patch(partition: string, id: string, operations: readonly PatchOperation[], condition?: string): Promise<Written> {
    const body = condition === undefined ? [...operations] : { condition: `from c where ${condition}`, operations: [...operations] };
    return this.#write(() => this.#container.item(id, partition).patch(body));
  }

  /** Only the version that `etag` names, when it is given. */
  async delete(partition: string, id: string, etag?: string): Promise<Written> {
    return this.#write(() => this.#container.item(id, partition).delete(etag === undefined ? {} : { accessCondition: { type: 'IfMatch', condition: etag } }));
  }

  /** All operations in this order, or none. `done` has the document of the first operation. */
  async batch(partition: string, operations: readonly OperationInput[]): Promise<Written> {
    return this.#write(async () => {
      const response = await withRequestError(() => this.#container.items.batch([...operations], partition));
      // Other answers have the charge among their properties; a batch has it in its headers only.
      if (response.code === 200) return { ...response, resource: response.result?.[0]?.resourceBody, requestCharge: chargeOf(response) };
      // The SDK throws for the whole only: of the parts, all but one say that another one failed (424).
      const failed = response.result?.find(({ statusCode }) => statusCode >= 400 && statusCode !== 424)?.statusCode;
      throw Object.assign(new Error('the batch was refused'), { code: failed ?? response.code ?? 500, headers: response.headers });
    });
  }

  /** All rows, or the first `limit`. */
  async query<T>(spec: SqlQuerySpec, options: { readonly partition?: string; readonly limit?: number } = {}): Promise<T[]> {
    const { rows } = await this.#repeat(() => this.#queryOnce<T>(spec, options), 'read');
    return rows;
  }

  /**
   * A failure ends it: over several physical partitions the iterator of the SDK cannot go on then. Asked again it fails for
   * ever, or leaves the partition that failed out and says that it is through.
   */
  async #queryOnce<T>(spec: SqlQuerySpec, { partition, limit = Infinity }: { readonly partition?: string; readonly limit?: number }): Promise<{ rows: T[] } & Answer> {
    const rows: T[] = [];
    let requestCharge = 0;
    const pages = this.#container.items.query<T>(spec, { maxItemCount: Math.min(limit, 1000), ...(partition === undefined ? {} : { partitionKey: partition }) });
    while (rows.length < limit && pages.hasMoreResults()) {
      const page: { readonly resources: readonly T[] | undefined; readonly requestCharge: number } = await pages.fetchNext();
      // Undefined, whatever its type says, where the partitions that were asked have nothing: others may.
      rows.push(...(page.resources ?? []));
      requestCharge += page.requestCharge;
    }
    return { rows: rows.slice(0, limit), requestCharge };
  }

  /** One page of the change feed and the token to go on with; the token alone when nothing is new. */
  async changes(options: ChangeFeedIteratorOptions): Promise<{ documents: readonly JsonObject[]; token: string }> {
    const feed = this.#container.items.getChangeFeedIterator<JsonObject>(options);
    const page = await this.#repeat(() => feed.readNext(), 'read');
    return { documents: page.statusCode === 304 ? [] : page.result, token: page.continuationToken };
  }

  get #container(): Container {
    return this.#parts.container;
  }

  async #write(call: () => Promise<Answer & { readonly resource?: unknown }>): Promise<Written> {
    const state = { uncertain: false };
    try {
      const { resource } = await this.#repeat(call, 'write', state);
      return { kind: 'done', document: resource };
    } catch (error) {
      const status = error instanceof AppError ? statusOf(error.cause) : statusOf(error);
      if (typeof status === 'number' && REFUSALS.includes(status)) return { kind: 'refused', status, uncertain: state.uncertain };
      throw error;
    }
  }

  async #repeat<T extends Answer>(call: () => Promise<T>, kind: 'read' | 'write', state = { uncertain: false }): Promise<T> {
    const { clock, random, endpoint } = this.#parts;
    for (let tries = 1; ; tries += 1) {
      try {
        const answer = await call();
        this.requests += 1;
        this.requestUnits += answer.requestCharge ?? 0;
        return answer;
      } catch (error) {
        this.requests += 1;
        // What is refused is charged too.
        this.requestUnits += chargeOf(error);
        if (kind === 'write' && isAmbiguous(error)) state.uncertain = true;
        if (tries >= MAX_TRIES || !isWorthRepeating(error)) throw toAppError(error, endpoint);
        await clock.sleep(FIRST_PAUSE_MS * 2 ** (tries - 1) * (0.5 + random()));
      }
    }
  }
}

function chargeOf(answer: unknown): number {
  const headers = typeof answer === 'object' && answer !== null && 'headers' in answer ? answer.headers : undefined;
  const charge = typeof headers === 'object' && headers !== null && 'x-ms-request-charge' in headers ? Number(headers['x-ms-request-charge']) : 0;
  return Number.isFinite(charge) ? charge : 0;
}

interface Answer {
  readonly requestCharge?: number;
}
