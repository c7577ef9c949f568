// Requests to the nodes that answer ($cbs, $management), and their responses.

import { SECTIONS, sectionsOf } from './sections.js';
import { entriesOf } from './application-properties.js';
import { decoded, message, type Typed, types } from './rhea.js';
import { byteAt, CODES, DecodeError, elementsOf, endOfValue, textAt } from './wire.js';

export interface Request {
  /** With its type, in which it goes back; undefined: there is none. */
  readonly id: Typed | undefined;
  readonly replyTo: string | undefined;
  readonly properties: ReadonlyMap<string, Buffer>;
  /** The body of an amqp-value section, encoded; undefined for other bodies. */
  readonly body: Buffer | undefined;
}

export interface Response {
  readonly properties: Readonly<Record<string, Typed>>;
  readonly body: Typed | null;
}

const MESSAGE_ID = 0;
const REPLY_TO = 4;

/** DecodeError. */
export function readRequest(payload: Buffer): Request {
  const sections = sectionsOf(payload);
  const at = (code: number): number | undefined => sections.find((section) => section.code === code)?.valueAt;
  const properties = at(SECTIONS.properties);
  const application = at(SECTIONS.applicationProperties);
  const body = at(SECTIONS.value);
  const fields = properties === undefined ? [] : elementsOf(payload, properties);
  const idAt = fields[MESSAGE_ID];
  const replyAt = fields[REPLY_TO];
  return {
    id: idAt === undefined || byteAt(payload, idAt) === CODES.null ? undefined : decoded(payload.subarray(idAt, endOfValue(payload, idAt))),
    replyTo: replyAt === undefined ? undefined : textAt(payload, replyAt),
    properties: new Map(application === undefined ? [] : entriesOf(payload, application)),
    body: body === undefined ? undefined : payload.subarray(body, endOfValue(payload, body)),
  };
}

export function textProperty(request: Request, name: string): string | undefined {
  const value = request.properties.get(name);
  return value === undefined ? undefined : textAt(value, 0);
}

export function writeResponse(request: Request, { properties, body }: Response): Buffer {
  return message.encode({
    // rhea takes a typed value as it is; presence is what counts, because 0 is an id too.
    ...(request.id === undefined ? {} : { correlation_id: request.id }),
    application_properties: properties,
    body: body ?? null,
  });
}

/** The fields of a request whose body is a map. DecodeError. */
export function bodyFields(request: Request): ReadonlyMap<string, Buffer> {
  if (request.body === undefined) throw new DecodeError('the body of the request must be a map');
  return new Map(entriesOf(request.body, 0));
}

/** A value as JavaScript has it: numbers, Dates, Buffers for bytes and for integers beyond 2^53. */
export function plainValue(bytes: Buffer): unknown {
  return types.unwrap(decoded(bytes));
}
