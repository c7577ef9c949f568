// A certificate for localhost that no authority signed, for tests of TLS.

import { generate } from 'selfsigned';

export interface Certificate {
  /** PEM; it is its own authority, so clients trust it by this text. */
  readonly cert: string;
  readonly key: string;
}

export async function localCertificate(): Promise<Certificate> {
  const { cert, private: key } = await generate([{ name: 'commonName', value: 'localhost' }], {
    algorithm: 'sha256',
    extensions: [
      { name: 'basicConstraints', cA: true, critical: true },
      { name: 'subjectAltName', altNames: [{ type: 2, value: 'localhost' }, { type: 7, ip: '127.0.0.1' }] },
    ],
  });
  return { cert, key };
}
