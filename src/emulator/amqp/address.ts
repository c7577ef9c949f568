// The addresses of links: a queue, its dead letters, the management of either, and the node that takes tokens. Clients
// write them plain or absolute, in any case.

export interface EntityAddress {
  /** The queue's, as the client wrote it. */
  readonly name: string;
  readonly kind: 'messages' | 'letters';
  readonly management: boolean;
}

export const CBS_NODE = '$cbs';

const ABSOLUTE = /^[a-z][a-z0-9+.-]*:\/\/[^/]*/i;
const MANAGEMENT = '$management';
const LETTERS = '$deadletterqueue';
const TRANSFER_LETTERS = '$transfer/$deadletterqueue';

/** Segments between slashes, without scheme and host. */
export function pathSegments(address: string): string[] {
  return address.replace(ABSOLUTE, '').split('/').filter((segment) => segment !== '');
}

export function isCbs(address: string | null | undefined): boolean {
  return typeof address === 'string' && pathSegments(address).join('/').toLowerCase() === CBS_NODE;
}

/** Undefined for what no queue has: an empty name, sub-queues for forwarding. */
export function entityAddress(address: string | null | undefined): EntityAddress | undefined {
  const segments = pathSegments(address ?? '');
  const management = endsWith(segments, MANAGEMENT);
  if (management) segments.pop();
  if (endsWith(segments, TRANSFER_LETTERS)) return undefined;
  const letters = endsWith(segments, LETTERS);
  if (letters) segments.pop();
  const name = segments.join('/');
  return name === '' ? undefined : { name, kind: letters ? 'letters' : 'messages', management };
}

function endsWith(segments: readonly string[], suffix: string): boolean {
  const count = suffix.split('/').length;
  return segments.slice(-count).join('/').toLowerCase() === suffix;
}
