// What the real SDKs report, in the product's codes.

import { createServer, type Server } from 'node:net';
import { type AddressInfo } from 'node:net';

import { ServiceBusClient } from '@azure/service-bus';
import * as fc from 'fast-check';
import { describe, expect, onTestFinished, test } from 'vitest';

import { AppError } from '../../../../src/domain/errors.js';
import { redactSecrets } from '../../../../src/drivers/azure-access/redact-secrets.js';
import { isTransient, retryAfterMs, serviceBusError } from '../../../../src/drivers/service-bus/service-bus-errors.js';
import { freePort } from '../../../support/free-port.js';
import { openRefusingBroker, type RefusingBroker } from '../../../support/refusing-broker.js';

const RETRY = { maxRetries: 0, timeoutInMs: 5_000 };

async function failureOf(connectionString: string, queue: string, maxRetries = 0): Promise<unknown> {
  const client = new ServiceBusClient(connectionString, { retryOptions: { ...RETRY, maxRetries, retryDelayInMs: 1 } });
  onTestFinished(() => client.close());
  try {
    await client.createSender(queue).sendMessages({ body: 'x' });
  } catch (error) {
    return error;
  }
  throw new Error('the send was expected to fail');
}

async function refused(refusal: { condition: string; description: string; at?: 'attach' | 'put-token' }, maxRetries = 0): Promise<unknown> {
  const broker: RefusingBroker = await openRefusingBroker();
  broker.refusals.set('jobs', refusal);
  return failureOf(broker.connectionString, 'jobs', maxRetries);
}

describe('what an AMQP peer answers, through the real SDK', () => {
  test.each([
    ['amqp:link:message-size-exceeded', 'too big', 'SB_MESSAGE_TOO_LARGE', false],
    ['amqp:resource-limit-exceeded', 'the queue is full', 'SB_QUOTA_EXCEEDED', false],
    ['com.microsoft:entity-disabled', 'the queue is disabled', 'SB_ENTITY_DISABLED', false],
    ['com.microsoft:server-busy', 'Please wait 2 seconds and try again.', 'SB_THROTTLED', true],
    ['com.microsoft:timeout', 'took too long', 'SB_TIMEOUT', true],
    ['amqp:unauthorized-access', 'Send claim is required', 'SB_UNAUTHORIZED', false],
    ['amqp:internal-error', 'oops', 'SB_UNREACHABLE', true],
    ['com.microsoft:operation-cancelled', 'stopped', 'SB_UNREACHABLE', true],
    ['amqp:link:detach-forced', 'the link was closed', 'SB_UNREACHABLE', true],
    ['amqp:connection:forced', 'the connection was closed', 'SB_UNREACHABLE', true],
    ['amqp:not-allowed', 'not like this', 'SB_FAILED', false],
    ['com.microsoft:argument-error', 'wrong argument', 'SB_FAILED', false],
    ['amqp:not-found', 'somewhere else', 'SB_UNREACHABLE', true],
    ['com.microsoft:message-lock-lost', 'The lock supplied is invalid.', 'LOCK_LOST', false],
    ['com.microsoft:session-lock-lost', 'The session lock has expired.', 'LOCK_LOST', false],
    ['com.microsoft:message-not-found', 'no such message', 'MESSAGE_NOT_FOUND', false],
    ['amqp:link:transfer-limit-exceeded', 'too many', 'SB_THROTTLED', true],
    ['vendor:unheard-of', 'what is this', 'SB_FAILED', true],
  ])('%s (%s) is %s', async (condition, description, code, transient) => {
    const error = serviceBusError(await refused({ condition, description }), { queue: 'jobs', operation: 'send' });
    expect(error).toMatchObject({ code, message: expect.stringContaining('cannot send (queue jobs)') });
    expect(error.message).toContain(description);
    if (code !== 'MESSAGE_NOT_FOUND' && code !== 'SB_THROTTLED') expect(error.hint).toMatch(/\S/);
    expect(isTransient(error)).toBe(transient);
  });

  test('a queue that is not there is QUEUE_UNKNOWN', async () => {
    const refusal = { condition: 'amqp:not-found', description: "The messaging entity 'sb://shop/jobs' could not be found. TrackingId:1f, Timestamp:2026", at: 'attach' } as const;
    const error = serviceBusError(await refused(refusal), { queue: 'jobs', operation: 'send' });
    expect(error).toMatchObject({ code: 'QUEUE_UNKNOWN', hint: expect.stringContaining('queues create jobs') });
    expect(error.message).not.toContain('TrackingId');
  });

  test('a wrong key is SB_UNAUTHORIZED and not worth another try, whatever the SDK thinks', async () => {
    const thrown = await refused({ condition: '', description: 'InvalidSignature: The token has an invalid signature.', at: 'put-token' });
    expect(thrown).toMatchObject({ retryable: true });
    expect(serviceBusError(thrown, { operation: 'send' })).toMatchObject({ code: 'SB_UNAUTHORIZED' });
    expect(isTransient(thrown)).toBe(false);
  });

  test('several attempts come as an error without text, and are told by the last of them', async () => {
    const thrown = await refused({ condition: 'com.microsoft:server-busy', description: 'Please wait 4 seconds and try again.' }, 2);
    expect(thrown).toBeInstanceOf(AggregateError);
    const error = serviceBusError(thrown, { queue: 'jobs', operation: 'send' });
    expect(error).toMatchObject({ code: 'SB_THROTTLED', message: expect.stringContaining('Please wait 4 seconds') });
    expect(retryAfterMs(error)).toBe(4_000);
  });
});

describe('what the network answers, through the real SDK', () => {
  test('a port where nobody listens is SB_UNREACHABLE', async () => {
    const port = await freePort();
    const thrown = await failureOf(emulatorAt('127.0.0.1', port), 'jobs');
    expect(serviceBusError(thrown, { operation: 'send' })).toMatchObject({ code: 'SB_UNREACHABLE', message: expect.stringContaining('ECONNREFUSED') });
    expect(isTransient(thrown)).toBe(true);
  });

  test('a name with two addresses where nobody listens, too', async () => {
    const thrown = await failureOf(emulatorAt('localhost', await freePort()), 'jobs');
    expect(serviceBusError(thrown, { operation: 'send' })).toMatchObject({ code: 'SB_UNREACHABLE' });
  });

  test('a namespace that does not exist is SB_NAMESPACE_NOT_FOUND, or the machine has no names', async () => {
    const thrown = await failureOf('Endpoint=sb://no-such-namespace.invalid;SharedAccessKeyName=k;SharedAccessKey=x', 'jobs');
    expect(['SB_NAMESPACE_NOT_FOUND', 'SB_UNREACHABLE']).toContain(serviceBusError(thrown, { operation: 'send' }).code);
  });

  test('a peer that does not speak AMQP is SB_UNREACHABLE, and the ports of an emulator are named', async () => {
    const port = await listen(createServer((socket) => void socket.on('error', () => undefined).end('HTTP/1.1 400 Bad Request\r\n\r\n')));
    const thrown = await failureOf(emulatorAt('127.0.0.1', port), 'jobs');
    expect(serviceBusError(thrown, { operation: 'send' })).toMatchObject({ code: 'SB_UNREACHABLE', hint: expect.stringContaining('5300') });
  });

  test.each([
    ['answers in plain', 'AMQP\u0003\u0001\u0000\u0000'],
    ['hangs up', ''],
  ])('TLS with a peer that %s is SB_UNREACHABLE, and says what an emulator needs', async (_what, reply) => {
    const server = createServer((socket) => void socket.on('error', () => undefined).resume().end(reply));
    const port = await listen(server);
    const thrown = await failureOf(`Endpoint=sb://localhost:${port};SharedAccessKeyName=k;SharedAccessKey=x`, 'jobs');
    expect(serviceBusError(thrown, { operation: 'send' })).toMatchObject({ code: 'SB_UNREACHABLE', hint: expect.stringContaining('UseDevelopmentEmulator=true') });
  });
});

describe('what administration over HTTP answers', () => {
  function restError(fields: object, message = 'no'): Error {
    return Object.assign(new Error(message), { name: 'RestError', ...fields });
  }
  const queueUrl = 'https://management.azure.com/subscriptions/s/resourceGroups/g/providers/Microsoft.ServiceBus/namespaces/shop/queues/jobs?api-version=2021-11-01';

  test.each([
    [{ code: 'UnauthorizedRequestError', statusCode: 401 }, 'SB_UNAUTHORIZED'],
    [{ code: 'AuthorizationFailed', statusCode: 403 }, 'SB_UNAUTHORIZED'],
    [{ code: 'InvalidAuthenticationTokenTenant', statusCode: 401 }, 'SB_UNAUTHORIZED'],
    [{ code: 'QuotaExceededError', statusCode: 403 }, 'SB_QUOTA_EXCEEDED'],
    [{ code: 'MessageEntityNotFoundError', statusCode: 404 }, 'QUEUE_UNKNOWN'],
    [{ code: 'ServerBusyError', statusCode: 503 }, 'SB_THROTTLED'],
    [{ code: 'TooManyRequests', statusCode: 429 }, 'SB_THROTTLED'],
    [{ code: 'ResourceNotFound', statusCode: 404, request: { url: queueUrl } }, 'QUEUE_UNKNOWN'],
    [{ code: 'ResourceNotFound', statusCode: 404, request: { url: queueUrl.replace('/queues/jobs', '') } }, 'SB_NAMESPACE_NOT_FOUND'],
    [{ code: 'ParentResourceNotFound', statusCode: 404, request: { url: queueUrl } }, 'SB_NAMESPACE_NOT_FOUND'],
    [{ code: 'ResourceGroupNotFound', statusCode: 404, request: { url: queueUrl } }, 'SB_NAMESPACE_NOT_FOUND'],
    [{ code: 'SubscriptionNotFound', statusCode: 404 }, 'SB_NAMESPACE_NOT_FOUND'],
    [{ code: 'ENOTFOUND' }, 'SB_NAMESPACE_NOT_FOUND'],
    [{ code: 'EAI_AGAIN' }, 'SB_UNREACHABLE'],
    [{ code: 'ETIMEDOUT' }, 'SB_UNREACHABLE'],
    [{ code: 'REQUEST_SEND_ERROR' }, 'SB_UNREACHABLE'],
    [{ code: 'DEPTH_ZERO_SELF_SIGNED_CERT' }, 'SB_UNREACHABLE'],
    [{ statusCode: 500 }, 'SB_UNREACHABLE'],
    [{ statusCode: 504 }, 'SB_TIMEOUT'],
    [{ code: 'ServiceError', statusCode: 400 }, 'SB_FAILED'],
  ])('%j is %s', (fields, code) => {
    expect(serviceBusError(restError(fields), { operation: 'list the queues' })).toMatchObject({ code });
  });

  test('keeps to the pause that a header asks for', () => {
    const response = { status: 429, headers: new Map([['retry-after', '17']]) };
    expect(retryAfterMs(serviceBusError(restError({ statusCode: 429, response }), { operation: 'list' }))).toBe(17_000);
  });
});

describe('credentials', () => {
  test('a chain in which nobody could sign in is AZURE_CREDENTIAL', () => {
    const chain = Object.assign(new Error('ChainedTokenCredential failed.\nCredentialUnavailableError: no az'), { name: 'AggregateAuthenticationError', errors: [new Error('no az')] });
    expect(serviceBusError(chain, { operation: 'send' })).toMatchObject({ code: 'AZURE_CREDENTIAL', hint: expect.stringContaining('az login') });
  });
});

describe('the translation', () => {
  test('leaves an error of ours as it is', () => {
    const ours = new AppError('QUEUE_UNKNOWN', 'no queue');
    expect(serviceBusError(ours, { operation: 'send' })).toBe(ours);
  });

  test.each([[undefined], [null], ['text'], [42], [{}], [new AggregateError([])], [Object.assign(new Error(''), { name: 'ServiceBusError', code: 'GeneralError', retryable: true })]])(
    'takes %o and says something',
    (thrown) => {
      expect(serviceBusError(thrown, { operation: 'send' })).toMatchObject({ code: 'SB_FAILED', message: expect.stringMatching(/cannot send: .+\(.+\)/) });
    },
  );

  test('looks into errors within errors', () => {
    const inner = Object.assign(new Error('The lock supplied is invalid.'), { name: 'ServiceBusError', code: 'MessageLockLost' });
    expect(serviceBusError(new AggregateError([new Error('?'), new AggregateError([inner]), new Error('?')]), { operation: 'complete' })).toMatchObject({ code: 'LOCK_LOST' });
  });
});

describe('secrets', () => {
  const secret = fc.stringMatching(/^[A-Za-z0-9+/]{30,43}=$/);

  test('do not pass in a message, a hint, a stack or a cause', () => {
    fc.assert(
      fc.property(secret, fc.constantFrom('SharedAccessKey=%', 'sig=%&se=1', 'SharedAccessSignature sr=sb%3a%2f%2fx&sig=%&se=1&skn=k', 'Bearer %', '"access_token":"%"', 'client_secret=%'), (key, form) => {
        const thrown = Object.assign(new Error(`put token failed for ${form.replace('%', key)}`), { name: 'ServiceBusError', code: 'UnauthorizedAccess', request: { headers: { authorization: key } } });
        const error = serviceBusError(thrown, { operation: 'send' });
        const shown = [error.message, error.hint, error.stack, JSON.stringify(error), (error.cause as Error).message, (error.cause as Error).stack, JSON.stringify(error.cause)].join('\n');
        expect(shown).not.toContain(key.slice(0, 20));
        expect(Object.keys(error.cause as object)).not.toContain('request');
      }),
    );
  });

  test('are found in what they stand in, and other text stays', () => {
    expect(redactSecrets('Endpoint=sb://shop/;SharedAccessKeyName=worker;SharedAccessKey=abc=;EntityPath=q')).toBe('Endpoint=sb://shop/;SharedAccessKeyName=worker;SharedAccessKey=***;EntityPath=q');
    expect(redactSecrets('token eyJhbGciOi.eyJzdWIi.c2ln is bad')).toBe('token *** is bad');
    expect(redactSecrets('the queue jobs is full')).toBe('the queue jobs is full');
  });
});

function emulatorAt(host: string, port: number): string {
  return `Endpoint=sb://${host}:${port};SharedAccessKeyName=k;SharedAccessKey=x;UseDevelopmentEmulator=true`;
}

function listen(server: Server): Promise<number> {
  onTestFinished(() => void server.close());
  return new Promise((resolve) => server.listen(0, '127.0.0.1', () => resolve((server.address() as AddressInfo).port)));
}
