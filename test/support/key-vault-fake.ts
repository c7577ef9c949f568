// Key Vault's way of handing out secrets, over https: a challenge first, then the secret for a token.

import { createServer } from 'node:https';

import type { Certificate } from './certificate.js';

export interface KeyVaultFake {
  readonly url: string;
  /** Names of secrets that were given out, in order. */
  readonly given: readonly string[];
  stop(): Promise<void>;
}

/** `secrets`: values by name. Another token than `token` is refused with 403. */
export async function startKeyVaultFake({ secrets, token, tls }: { secrets: Readonly<Record<string, string>>; token: string; tls: Certificate }): Promise<KeyVaultFake> {
  const given: string[] = [];
  const server = createServer(tls, (request, response) => {
    const send = (status: number, body: object, headers: Record<string, string> = {}): void => {
      response.writeHead(status, { 'content-type': 'application/json', ...headers });
      response.end(JSON.stringify(body));
    };
    const { authorization } = request.headers;
    if (authorization === undefined) return send(401, {}, { 'www-authenticate': 'Bearer authorization="https://login.microsoftonline.com/11111111-1111-1111-1111-111111111111", resource="https://vault.azure.net"' });
    if (authorization !== `Bearer ${token}`) return send(403, { error: { code: 'Forbidden', message: 'the caller may not read secrets' } });
    const [, name = ''] = /^\/secrets\/([^/?]+)/.exec(request.url ?? '') ?? [];
    const value = secrets[name];
    if (value === undefined) return send(404, { error: { code: 'SecretNotFound', message: `no secret ${name}` } });
    given.push(name);
    send(200, { value, id: `https://localhost/secrets/${name}/0123456789abcdef`, attributes: { enabled: true } });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  return {
    url: `https://localhost:${address.port}`,
    given,
    stop: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
