// Versions of documents that were replaced or deleted a short while ago: what a replica that lags would still answer.

import type { StoredDocument } from './documents.js';

interface Version {
  readonly partition: string;
  readonly id: string;
  /** Undefined: there was no such document. */
  readonly stored: StoredDocument | undefined;
  /** The write that ended it. */
  readonly untilLsn: number;
  readonly endedAt: number;
}

export class Replaced {
  /** By write. */
  readonly #versions: Version[] = [];
  readonly #byPartition = new Map<string, Version[]>();
  readonly #now: () => number;
  readonly #keepMs: number;
  /** Everything up to here is forgotten. */
  #forgottenLsn = 0;

  constructor(now: () => number, keepMs: number) {
    this.#now = now;
    this.#keepMs = keepMs;
  }

  /** `stored` was there until the write `lsn`. */
  add(lsn: number, partition: string, id: string, stored: StoredDocument | undefined): void {
    this.#forget();
    const version = { partition, id, stored, untilLsn: lsn, endedAt: this.#now() };
    this.#versions.push(version);
    const others = this.#byPartition.get(partition);
    if (others === undefined) this.#byPartition.set(partition, [version]);
    else others.push(version);
  }

  undoAfter(lsn: number): void {
    for (let last = this.#versions.at(-1); last !== undefined && last.untilLsn > lsn; last = this.#versions.at(-1)) {
      this.#versions.pop();
      this.#byPartition.get(last.partition)?.pop();
    }
  }

  /** The newest write before this time; never one whose predecessor is forgotten. */
  lsnAt(time: number): number {
    const next = this.#versions.find(({ endedAt }) => endedAt > time);
    return Math.max(this.#forgottenLsn, next === undefined ? Infinity : next.untilLsn - 1);
  }

  at(lsn: number, partition: string, id: string, newest: StoredDocument | undefined): StoredDocument | undefined {
    const version = this.#byPartition.get(partition)?.find((each) => each.id === id && each.untilLsn > lsn);
    return version === undefined ? newest : version.stored;
  }

  partitions(): Iterable<string> {
    return this.#byPartition.keys();
  }

  ids(partition: string): string[] {
    return this.#byPartition.get(partition)?.map(({ id }) => id) ?? [];
  }

  #forget(): void {
    const before = this.#now() - this.#keepMs;
    for (let first = this.#versions[0]; first !== undefined && first.endedAt < before; first = this.#versions[0]) {
      this.#versions.shift();
      this.#forgottenLsn = first.untilLsn;
      const others = this.#byPartition.get(first.partition);
      others?.shift();
      if (others?.length === 0) this.#byPartition.delete(first.partition);
    }
  }
}
