// The node that takes tokens: what a client may do on its connection is what the tokens it puts here allow.
// https://learn.microsoft.com/azure/service-bus-messaging/service-bus-amqp-protocol-guide#claims-based-authorization

import { verifySasToken } from '../sas/sas-token.js';
import type { Authorisation } from './authorisation.js';
import type { AmqpContext } from './context.js';
import { type Request, type Response, textProperty } from './request.js';
import { types } from './rhea.js';
import { textAt } from './wire.js';

const SAS_TYPE = 'servicebus.windows.net:sastoken';

export function putToken(request: Request, authorisation: Authorisation, { keys, clock }: AmqpContext): Response {
  const operation = textProperty(request, 'operation');
  if (operation !== 'put-token') return answer(400, `the operation must be put-token, got ${operation ?? 'none'}`);
  const type = textProperty(request, 'type');
  if (type !== SAS_TYPE) return answer(401, `tokens of type ${type ?? 'none'} are not taken here; use a shared access key`);
  const audience = textProperty(request, 'name');
  const token = request.body === undefined ? undefined : textAt(request.body, 0);
  if (audience === undefined || token === undefined) return answer(400, 'the request needs a name and a token as its body');
  const result = verifySasToken({ token, audience, keys, now: clock.now() });
  if (!result.ok) return answer(401, `InvalidSignature: ${result.problem}`);
  authorisation.grant(audience, result.rights, result.expiresAt);
  return answer(202, 'Accepted');
}

function answer(status: number, description: string): Response {
  return { properties: { 'status-code': types.wrap_int(status), 'status-description': types.wrap_string(description) }, body: null };
}
