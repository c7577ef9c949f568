// The documents of one container: partitions, etags, time to live, the log of changes, and what a replica behind the others
// would still answer.

import { Replaced } from './replaced.js';
import type { Document } from './sql-evaluate.js';

export interface StoredDocument {
  readonly partition: string;
  readonly body: Document;
  readonly etag: string;
  /** Whole seconds, as the service counts. */
  readonly changedAt: number;
  readonly lsn: number;
}

export class Refusal extends Error {
  constructor(
    readonly status: number,
    message: string,
    readonly headers: Readonly<Record<string, string>> = {},
  ) {
    super(message);
  }
}

/** Reads of documents as they were at one moment. */
export interface Snapshot {
  /** The newest write that it has. */
  readonly lsn: number;
  find(partition: string, id: string): StoredDocument | undefined;
  all(partition?: string): Iterable<StoredDocument>;
}

const MAX_ITEM_BYTES = 2 * 1024 * 1024;

export class Documents {
  lsn = 0;
  readonly #partitions = new Map<string, Map<string, StoredDocument>>();
  /** In order of their numbers; what was changed again or deleted since is skipped. */
  readonly #log: StoredDocument[] = [];
  readonly #now: () => number;
  readonly #partitionPath: string;
  readonly #replaced: Replaced | undefined;

  /** `keepMs`: for how long versions that were replaced can still be read. */
  constructor(now: () => number, partitionPath: string, keepMs = 0) {
    this.#now = now;
    this.#partitionPath = partitionPath;
    this.#replaced = keepMs > 0 ? new Replaced(now, keepMs) : undefined;
  }

  /** What a replica answers that is `behindMs` behind, but has everything up to the number `knownLsn`. */
  snapshot(behindMs: number, knownLsn: number): Snapshot {
    const replaced = this.#replaced;
    if (replaced === undefined || behindMs <= 0) return this;
    const lsn = Math.min(this.lsn, Math.max(knownLsn, replaced.lsnAt(this.#now() - behindMs)));
    const find = (partition: string, id: string): StoredDocument | undefined => this.#living(replaced.at(lsn, partition, id, this.#partitions.get(partition)?.get(id)));
    const all = function* (this: Documents, partition?: string): Iterable<StoredDocument> {
      const partitions = partition === undefined ? new Set([...this.#partitions.keys(), ...replaced.partitions()]) : [partition];
      for (const each of partitions) {
        for (const id of new Set([...(this.#partitions.get(each)?.keys() ?? []), ...replaced.ids(each)])) {
          const stored = find(each, id);
          if (stored !== undefined) yield stored;
        }
      }
    };
    return { lsn, find, all: all.bind(this) };
  }

  /** All that have not outlived their `ttl`. */
  *all(partition?: string): Iterable<StoredDocument> {
    const partitions = partition === undefined ? this.#partitions.values() : [this.#partitions.get(partition) ?? new Map<string, StoredDocument>()];
    for (const documents of partitions) for (const stored of documents.values()) if (!this.#isOver(stored)) yield stored;
  }

  /** The newest version of each document that was changed after this number, in order. */
  *changedAfter(lsn: number): Iterable<StoredDocument> {
    let low = 0;
    for (let high = this.#log.length; low < high; ) {
      const middle = (low + high) >> 1;
      if ((this.#log[middle]?.lsn ?? 0) <= lsn) low = middle + 1;
      else high = middle;
    }
    for (const logged of this.#log.slice(low)) if (this.find(logged.partition, String(logged.body['id'])) === logged) yield logged;
  }

  find(partition: string, id: string): StoredDocument | undefined {
    return this.#living(this.#partitions.get(partition)?.get(id));
  }

  require(partition: string, id: string, ifMatch: string | undefined): StoredDocument {
    const stored = this.find(partition, id);
    if (stored === undefined) throw new Refusal(404, 'Resource Not Found');
    if (ifMatch !== undefined && ifMatch !== '*' && ifMatch !== stored.etag) throw new Refusal(412, 'One of the specified pre-condition is not met');
    return stored;
  }

  create(partition: string, body: Document): StoredDocument {
    const id = this.#checkedId(partition, body);
    if (this.find(partition, id) !== undefined) throw new Refusal(409, 'Resource with specified id or name already exists.');
    return this.#put(partition, id, body);
  }

  upsert(partition: string, body: Document, ifMatch: string | undefined): { stored: StoredDocument; created: boolean } {
    const id = this.#checkedId(partition, body);
    const created = this.find(partition, id) === undefined;
    if (!created) this.require(partition, id, ifMatch);
    return { stored: this.#put(partition, id, body), created };
  }

  replace(partition: string, id: string, body: Document, ifMatch: string | undefined): StoredDocument {
    this.require(partition, id, ifMatch);
    if (this.#checkedId(partition, body) !== id) throw new Refusal(400, 'the id in the body is not the one of the address');
    return this.#put(partition, id, body);
  }

  delete(partition: string, id: string, ifMatch: string | undefined): void {
    this.require(partition, id, ifMatch);
    this.lsn += 1;
    this.#replaced?.add(this.lsn, partition, id, this.#partitions.get(partition)?.get(id));
    this.#partitions.get(partition)?.delete(id);
  }

  /** Runs all or nothing: what `act` changed in its partition is undone when it throws. */
  atomically<T>(partition: string, act: () => T): T {
    const before = new Map(this.#partitions.get(partition));
    const { lsn } = this;
    const logged = this.#log.length;
    try {
      return act();
    } catch (error) {
      this.#partitions.set(partition, before);
      this.#log.length = logged;
      this.lsn = lsn;
      this.#replaced?.undoAfter(lsn);
      throw error;
    }
  }

  #put(partition: string, id: string, body: Document): StoredDocument {
    this.lsn += 1;
    const changedAt = Math.floor(this.#now() / 1000);
    const etag = `"${this.lsn.toString(16).padStart(8, '0')}-0000-0000-0000-000000000000"`;
    const system = { _rid: `doc${this.lsn}`, _self: `dbs/d/colls/c/docs/${id}/`, _etag: etag, _attachments: 'attachments/', _ts: changedAt };
    const stored = { partition, body: { ...body, ...system }, etag, changedAt, lsn: this.lsn };
    const documents = this.#partitions.get(partition) ?? new Map<string, StoredDocument>();
    this.#replaced?.add(this.lsn, partition, id, documents.get(id));
    this.#partitions.set(partition, documents.set(id, stored));
    this.#log.push(stored);
    return stored;
  }

  #checkedId(partition: string, body: Document): string {
    const { id } = body;
    if (typeof id !== 'string' || id === '' || id.length > 255 || /[/\\#?]/.test(id)) throw new Refusal(400, `the id ${JSON.stringify(id)} is not one`);
    if (body[this.#partitionPath.slice(1)] !== partition) throw new Refusal(400, 'PartitionKey extracted from document does not match the one specified in the header');
    if (Buffer.byteLength(JSON.stringify(body)) > MAX_ITEM_BYTES) throw new Refusal(413, 'Request size is too large');
    return id;
  }

  #living(stored: StoredDocument | undefined): StoredDocument | undefined {
    return stored === undefined || this.#isOver(stored) ? undefined : stored;
  }

  /** The container has `defaultTtl: -1`: only documents with a `ttl` end. */
  #isOver({ body, changedAt }: StoredDocument): boolean {
    return typeof body['ttl'] === 'number' && body['ttl'] > 0 && changedAt + body['ttl'] <= this.#now() / 1000;
  }
}
