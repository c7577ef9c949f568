// What the network's codes mean to somebody who has not met them before.

/** "cannot be reached (ENOTFOUND)", to follow an address; undefined for what is not the network's. */
export function networkFailure(code: string | number): string | undefined {
  if (typeof code === 'number') return undefined;
  if (/CERT|^UNABLE_TO_(GET|VERIFY)/.test(code)) return `shows a certificate that this machine does not trust (${code}; the variable NODE_EXTRA_CA_CERTS names a file of authorities to trust)`;
  return UNREACHED.has(code) ? `cannot be reached (${code})` : undefined;
}

const UNREACHED: ReadonlySet<string> = new Set([
  ...['ECONNREFUSED', 'ECONNRESET', 'EPIPE', 'ETIMEDOUT', 'EHOSTUNREACH', 'ENETUNREACH', 'ENOTFOUND', 'EAI_AGAIN', 'EPROTO'],
  ...['REQUEST_SEND_ERROR', 'TimeoutError'],
]);
