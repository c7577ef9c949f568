// What a connection may do: the tokens it has shown, each for an address and everything below it, until it expires.

import type { AccessRight } from '../sas/access-key.js';
import { pathSegments } from './address.js';

interface Grant {
  readonly path: readonly string[];
  readonly rights: ReadonlySet<AccessRight>;
  readonly expiresAt: number;
}

export class Authorisation {
  /** By their paths: a newer token for the same address replaces the older one. */
  readonly #grants = new Map<string, Grant>();

  get isEmpty(): boolean {
    return this.#grants.size === 0;
  }

  grant(address: string, rights: ReadonlySet<AccessRight>, expiresAt: number): void {
    const path = pathSegments(address.toLowerCase());
    this.#grants.set(path.join('/'), { path, rights, expiresAt });
  }

  /** Any of the rights at this address. */
  allows(address: string, rights: readonly AccessRight[], now: number): boolean {
    const asked = pathSegments(address.toLowerCase());
    for (const { path, rights: granted, expiresAt } of this.#grants.values()) {
      if (expiresAt <= now || !path.every((segment, index) => segment === asked[index])) continue;
      if (granted.has('Manage') || rights.some((right) => granted.has(right))) return true;
    }
    return false;
  }

  /** When the first of the tokens ends; infinity for none. */
  get nextExpiry(): number {
    let earliest = Number.POSITIVE_INFINITY;
    for (const { expiresAt } of this.#grants.values()) earliest = Math.min(earliest, expiresAt);
    return earliest;
  }

  forgetExpired(now: number): void {
    for (const [key, { expiresAt }] of this.#grants) if (expiresAt <= now) this.#grants.delete(key);
  }
}
