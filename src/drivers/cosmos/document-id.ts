// Ids of documents made from names of any kind.

import { createHash } from 'node:crypto';

/** The service takes 255 characters without `/ \ # ?`; what does not fit is named by its hash. */
export function documentIdOf(kind: string, name: string): string {
  const plain = `${kind}:${encodeURIComponent(name)}`;
  return plain.length <= 200 ? plain : `${kind}:sha256:${createHash('sha256').update(name).digest('hex')}`;
}
