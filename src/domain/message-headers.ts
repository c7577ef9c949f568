// What producers say about a message beside its body and its properties, where the broker carries it. A copy of another
// program's message says the same, so that it is to its receivers what the message was.

/** `bodyType` is `value` for a body that is a text of AMQP's own type, as JMS sends it. */
export const MESSAGE_HEADERS = ['contentType', 'subject', 'correlationId', 'to', 'replyTo', 'replyToSessionId', 'sessionId', 'partitionKey', 'bodyType'] as const;

export type MessageHeaders = Readonly<Partial<Record<(typeof MESSAGE_HEADERS)[number], string>>>;
