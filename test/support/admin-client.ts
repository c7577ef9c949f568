// The official administration client, pointed at an address without TLS.

import { ServiceBusAdministrationClient } from '@azure/service-bus';

/** `adminEndpoint` is `http://host:port`; the key comes from the connection string, its own endpoint is not used. */
export function openAdminClient(adminEndpoint: string, connectionString: string): ServiceBusAdministrationClient {
  const { host } = new URL(adminEndpoint);
  const client = new ServiceBusAdministrationClient(connectionString.replace(/Endpoint=[^;]*/, `Endpoint=sb://${host}`));
  // The client always asks for https. Behind the signing policy, since what is signed is the address it thinks it calls.
  client.pipeline.addPolicy(
    {
      name: 'plain-http',
      sendRequest: (request, next) => {
        request.url = request.url.replace(/^https:/, 'http:');
        request.allowInsecureConnection = true;
        return next(request);
      },
    },
    { afterPolicies: ['signingPolicy'] },
  );
  // Its own retries take seconds; a test that wants one asks again by itself.
  client.pipeline.removePolicy({ name: 'defaultRetryPolicy' });
  return client;
}
