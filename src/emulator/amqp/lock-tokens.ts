// Lock tokens on the wire. On a delivery the token is its tag: the sixteen bytes of the UUID in the order in which .NET
// lays out a Guid. In requests it is an AMQP uuid, in the order of RFC 4122.

export function deliveryTag(token: string): Buffer {
  return swapped(uuidBytes(token));
}

export function tokenOfTag(tag: Buffer): string | undefined {
  return tag.length === 16 ? uuidText(swapped(tag)) : undefined;
}

export function uuidBytes(token: string): Buffer {
  return Buffer.from(token.replaceAll('-', ''), 'hex');
}

export function uuidText(bytes: Buffer): string {
  const hex = bytes.toString('hex');
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join('-');
}

/** Its own inverse. */
function swapped(bytes: Buffer): Buffer {
  const order = [3, 2, 1, 0, 5, 4, 7, 6, 8, 9, 10, 11, 12, 13, 14, 15];
  return Buffer.from(order.map((from) => bytes[from] ?? 0));
}
