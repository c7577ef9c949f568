// Which failure of Service Bus is which code, with its sentence and its hint. The first row that fits decides.

import type { ErrorCode } from '../../domain/errors.js';
import type { ErrorFacts } from './error-facts.js';

export interface Failure {
  readonly code: ErrorCode;
  /** Continues "cannot send: …". */
  readonly message: string;
  readonly hint?: string | ((queue: string | undefined) => string);
  /** How long to leave the service alone. */
  readonly retryAfterMs?: (facts: ErrorFacts) => number;
}

export interface FailureRow extends Failure {
  readonly fits: (facts: ErrorFacts) => boolean;
}

export const UNKNOWN_FAILURE: Failure = {
  code: 'SB_FAILED',
  message: 'Service Bus answered with an error',
  hint: 'try again; if it stays, look at the namespace with `copiloteval doctor`',
};

const NOT_FOUND_HINT = (queue: string | undefined): string =>
  `make it with \`copiloteval queues create${queue === undefined ? '' : ` ${queue}`}\`, or see what is there with \`copiloteval queues list\``;

/** Says "wait 2 seconds" in its text; ten is what Azure's documents ask for. */
const BUSY_MS = 10_000;

function busyMs({ message, retryAfterMs }: ErrorFacts): number {
  const seconds = /wait (\d+) seconds?/i.exec(message)?.[1];
  return retryAfterMs ?? (seconds === undefined ? BUSY_MS : Number(seconds) * 1000);
}

/** True when one of the names and codes is among these. */
function token(...names: readonly string[]): (facts: ErrorFacts) => boolean {
  return ({ tokens }) => tokens.some((one) => names.includes(one));
}

function said(pattern: RegExp): (facts: ErrorFacts) => boolean {
  return ({ message }) => pattern.test(message);
}

function either(...tests: readonly ((facts: ErrorFacts) => boolean)[]): (facts: ErrorFacts) => boolean {
  return (facts) => tests.some((test) => test(facts));
}

const SIGN_IN: readonly FailureRow[] = [
  {
    fits: token('AggregateAuthenticationError', 'CredentialUnavailableError', 'AuthenticationError', 'AuthenticationRequiredError'),
    code: 'AZURE_CREDENTIAL',
    message: 'no credential could sign in to Azure',
    hint: 'sign in with `az login`, or see what each credential answers with `copiloteval doctor`',
  },
];

const MESSAGES: readonly FailureRow[] = [
  {
    fits: either(
      token('MessageLockLost', 'MessageLockLostError', 'com.microsoft:message-lock-lost', 'SessionLockLost', 'SessionLockLostError', 'com.microsoft:session-lock-lost'),
      said(/message has either been deleted or already settled/i),
    ),
    code: 'LOCK_LOST',
    message: "the message's lock is lost",
    hint: 'the message comes again; if this is frequent, give the queue a longer lock with `copiloteval queues create NAME --lock 5m`',
  },
  {
    fits: token('MessageNotFound', 'MessageNotFoundError', 'com.microsoft:message-not-found'),
    code: 'MESSAGE_NOT_FOUND',
    message: 'no message has this number',
  },
  {
    fits: token('MessageSizeExceeded', 'MessageTooLargeError', 'amqp:link:message-size-exceeded'),
    code: 'SB_MESSAGE_TOO_LARGE',
    message: 'the message is over the size that the queue takes',
    hint: 'Basic and Standard take 256 KB, Premium up to 100 MB if the queue says so; put large content into a file and name it',
  },
];

const SERVICE: readonly FailureRow[] = [
  {
    fits: token('ServiceBusy', 'ServerBusyError', 'com.microsoft:server-busy', 'TooManyRequests', 'SubscriptionRequestsThrottled', 'http 429', 'http 503'),
    code: 'SB_THROTTLED',
    message: 'Service Bus is busy and asks for a pause',
    hint: 'wait a little; with Standard one namespace has 1,000 operations a second for all its clients',
    retryAfterMs: busyMs,
  },
  {
    // The link has no room: the broker grants no credit, or the client has too many sends without an answer.
    fits: token('SenderBusyError', 'SenderNotReadyError', 'InsufficientCreditError', 'amqp:link:transfer-limit-exceeded', 'TransferLimitExceededError'),
    code: 'SB_THROTTLED',
    message: 'Service Bus takes no more messages at the moment',
    retryAfterMs: () => 1000,
  },
  {
    fits: token('QuotaExceeded', 'QuotaExceededError', 'amqp:resource-limit-exceeded'),
    code: 'SB_QUOTA_EXCEEDED',
    message: 'the queue or the namespace is full',
    hint: 'let workers empty it, purge dead letters with `copiloteval dlq purge`, or give the queue more room: `az servicebus queue update --max-size 5120 …`',
  },
  {
    fits: token('MessagingEntityDisabled', 'MessagingEntityDisabledError', 'com.microsoft:entity-disabled'),
    code: 'SB_ENTITY_DISABLED',
    message: 'the queue is disabled',
    hint: (queue) => `open it with \`copiloteval queues resume ${queue ?? 'NAME'} --hard\` or \`az servicebus queue update --name ${queue ?? 'NAME'} --status Active -g GROUP --namespace-name NAMESPACE\``,
  },
  {
    fits: either(
      token('UnauthorizedAccess', 'UnauthorizedError', 'UnauthorizedRequestError', 'amqp:unauthorized-access', 'com.microsoft:auth-failed', 'PublisherRevokedError'),
      token('AuthorizationFailed', 'LinkedAuthorizationFailed', 'AuthenticationFailed', 'InvalidAuthenticationToken', 'InvalidAuthenticationTokenTenant', 'http 401'),
    ),
    code: 'SB_UNAUTHORIZED',
    message: 'the key or identity is refused or lacks the right',
    hint: 'see which rights it has with `copiloteval doctor`; keys may have been renewed, roles take minutes to work',
  },
];

const PLACES: readonly FailureRow[] = [
  {
    fits: token('ResourceGroupNotFound', 'ParentResourceNotFound', 'SubscriptionNotFound', 'InvalidSubscriptionId'),
    code: 'SB_NAMESPACE_NOT_FOUND',
    message: 'the subscription, resource group or namespace does not exist',
    hint: 'look it up: `az servicebus namespace list --query "[].{name:name,group:resourceGroup,id:id}" -o table`',
  },
  {
    // Azure Resource Manager says the same of a missing namespace and of a missing queue; the address tells.
    fits: (facts) => token('ResourceNotFound', 'NotFound')(facts) && /\/namespaces\//i.test(facts.url) && !/\/queues\/[^/?]/i.test(facts.url),
    code: 'SB_NAMESPACE_NOT_FOUND',
    message: 'the namespace does not exist in this resource group',
    hint: 'look it up: `az servicebus namespace list --query "[].{name:name,group:resourceGroup,id:id}" -o table`',
  },
  {
    fits: either(
      token('MessagingEntityNotFound', 'MessagingEntityNotFoundError', 'MessageEntityNotFoundError', 'EntityNotFound', 'ResourceNotFound', 'http 404'),
      said(/messaging entity .* could not be found/i),
    ),
    code: 'QUEUE_UNKNOWN',
    message: 'no such queue is in the namespace',
    hint: NOT_FOUND_HINT,
  },
  {
    fits: token('ENOTFOUND'),
    code: 'SB_NAMESPACE_NOT_FOUND',
    message: 'no namespace is at this address',
    hint: 'check the name in the connection string: `az servicebus namespace list -o table`; if it is right, check DNS and the VPN',
  },
];

const NETWORK: readonly FailureRow[] = [
  {
    fits: either(({ tokens }) => tokens.some((one) => one.startsWith('HPE_')), said(/not an AMQP broker|Invalid protocol header for AMQP|Parse Error: Expected HTTP/i)),
    code: 'SB_UNREACHABLE',
    message: 'something else answers there',
    hint: 'check host and port; an emulator has AMQP on one port (5672) and administration on another (5300)',
  },
  {
    // A broker without TLS just hangs up; the SDK says no more of it than that it failed.
    fits: either(
      token('EPROTO', 'ERR_SSL_WRONG_VERSION_NUMBER', 'ERR_SSL_PACKET_LENGTH_TOO_LONG'),
      said(/wrong version number|before secure TLS connection|^(?:\w+: )?Failed to connect$/i),
    ),
    code: 'SB_UNREACHABLE',
    message: 'the other side hung up, perhaps because it does not speak TLS',
    hint: 'an emulator needs `;UseDevelopmentEmulator=true` in the connection string, and its administration an http:// address',
  },
  {
    fits: ({ tokens, message }) =>
      tokens.some((one) => /^(ERR_TLS_|CERT_|DEPTH_ZERO_|SELF_SIGNED_|UNABLE_TO_)/.test(one)) || /certificate/i.test(message),
    code: 'SB_UNREACHABLE',
    message: 'the certificate of the other side is not trusted',
    hint: 'a proxy that opens TLS needs its certificate in NODE_EXTRA_CA_CERTS; check that the host is right',
  },
  {
    fits: token('EAI_AGAIN'),
    code: 'SB_UNREACHABLE',
    message: 'names cannot be resolved now',
    hint: 'check the network, DNS and the VPN of this machine',
  },
  {
    fits: either(
      token('ECONNREFUSED', 'ECONNRESET', 'ECONNABORTED', 'EPIPE', 'EHOSTUNREACH', 'EHOSTDOWN', 'ENETUNREACH', 'ENETDOWN', 'ENETRESET', 'EADDRNOTAVAIL', 'ENONET'),
      token('ETIMEDOUT', 'ESOCKET', 'REQUEST_SEND_ERROR', 'amqp:connection:forced', 'ConnectionForcedError', 'ConnectionLostError', 'NotConnectedError'),
      token('amqp:link:detach-forced', 'DetachForcedError', 'ServiceCommunicationProblem', 'ServiceCommunicationError', 'amqp:connection:framing-error', 'FramingError'),
      // Plain errors of the SDK, when a connection or link ended without saying why.
      said(/^Unknown error occurred on the AMQP connection|^Connection is reopening|^Link closed before|Link is not ready|Link has been permanently closed/),
      said(/^The (underlying )?AMQP connection is closed|^Expecting SASL layer/),
    ),
    code: 'SB_UNREACHABLE',
    message: 'the connection failed or was cut',
    hint: 'Service Bus needs port 5671 open to the outside (5672 for an emulator); see where it ends with `copiloteval doctor`',
  },
  {
    fits: either(
      token('ServiceTimeout', 'OperationTimeoutError', 'ServiceUnavailableError', 'com.microsoft:timeout', 'http 408', 'http 504', 'TimeoutError'),
      said(/due to operation timeout/i),
    ),
    code: 'SB_TIMEOUT',
    message: 'no answer came in time',
    hint: 'try again; if it stays, see how far it gets with `copiloteval doctor`',
  },
  {
    fits: token('http 500', 'http 502', 'InternalServerError', 'amqp:internal-error', 'OperationCancelledError', 'com.microsoft:operation-cancelled'),
    code: 'SB_UNREACHABLE',
    message: 'Service Bus has a trouble of its own',
    hint: 'try again in a minute; Azure tells of outages at https://status.azure.com',
  },
];

export const FAILURES: readonly FailureRow[] = [...SIGN_IN, ...MESSAGES, ...SERVICE, ...PLACES, ...NETWORK];
