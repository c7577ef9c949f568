// One client: its connection, what it is allowed to do, and its links.

import { randomUUID } from 'node:crypto';
import type { Socket } from 'node:net';

import type { SubQueue } from '../broker/entity.js';
import { Authorisation } from './authorisation.js';
import { CONDITIONS } from './conditions.js';
import type { AmqpContext } from './context.js';
import { Dispositions } from './dispositions.js';
import { guardConnection } from './guard-connection.js';
import { guardSession } from './guard-session.js';
import { type LinkKind, LinkRouter } from './link-router.js';
import { type AmqpError, type Connection, createContainer, type EventContext, type Session } from './rhea.js';

/** A larger frame than this is refused; larger messages come in several. */
const MAX_FRAME_BYTES = 256 * 1024;
const MOST_CHANNELS = 4_999;
/** Deliveries that are under way per session; clients hold 2,048 at most. */
const RING_SLOTS = 4_096;
/** A client that has shown no token by then is sent away. */
const AUTHORISE_WITHIN_MS = 60_000;
const CLOSE_WITHIN_MS = 2_000;

export class ClientConnection {
  readonly #socket: Socket;
  readonly #context: AmqpContext;
  readonly #authorisation = new Authorisation();
  readonly #connection: Connection;
  readonly #router: LinkRouter;
  readonly #dispositions = new WeakMap<Session, Dispositions>();
  readonly #gone = new AbortController();

  /** `changed`: it has shown a token; `closed`: its socket is closed, whoever closed it. */
  constructor(socket: Socket, context: AmqpContext, events: { readonly changed: () => void; readonly closed: () => void }) {
    this.#socket = socket;
    this.#context = context;
    this.#connection = this.#accept();
    this.#router = new LinkRouter({
      context,
      authorisation: this.#authorisation,
      authorised: events.changed,
      dispositionsOf: (session) => this.#dispositionsOf(session),
    });
    socket.on('drain', () => this.#router.wake());
    socket.on('close', () => {
      this.#gone.abort();
      this.#router.closeAll();
      events.closed();
    });
    this.#listen();
    this.#connection.accept(socket);
    void this.#expectToken();
  }

  /** When its first token ends. */
  get nextExpiry(): number {
    return this.#authorisation.nextExpiry;
  }

  /** Links that the remaining tokens do not allow are detached. */
  tokensExpired(now: number): void {
    this.#authorisation.forgetExpired(now);
    this.#router.closeForbidden(now);
  }

  /** The links of these kinds to this queue are detached. */
  closeLinks(queue: SubQueue, closing: readonly LinkKind[], error: AmqpError): void {
    this.#router.closeLinks(queue, closing, error);
  }

  /** Cuts the socket, as a failing network does. */
  cut(): void {
    this.#socket.destroy();
  }

  /** Says why, then ends the socket, also when the peer does not answer. */
  close(error: AmqpError): void {
    try {
      this.#connection.close(error);
      // At once: rhea ends the socket right after it has told of an error.
      this.#connection._process();
    } catch (problem) {
      this.#context.log.debug({ err: problem }, 'a connection could not be told why it is closed');
    }
    this.#socket.end();
    void this.#context.clock.sleep(CLOSE_WITHIN_MS, this.#gone.signal).then(() => this.#socket.destroy());
  }

  #accept(): Connection {
    const container = createContainer('copiloteval-emulator');
    const mechanisms = container.sasl_server_mechanisms;
    mechanisms.enable_anonymous();
    // What older clients ask for when they will authorise by token; it proves nothing either.
    mechanisms['MSSBCBS'] = mechanisms['ANONYMOUS'];
    mechanisms.enable_plain((user, password) => this.#checkPassword(user, password));
    return container.create_connection({
      id: randomUUID(),
      max_frame_size: MAX_FRAME_BYTES,
      channel_max: MOST_CHANNELS,
      idle_time_out: this.#context.idleMs,
      session_buffer_size: RING_SLOTS,
      reconnect: false,
      // Credit is given after the commit, and messages are settled after it.
      receiver_options: { autoaccept: false, credit_window: 0 },
      sender_options: { treat_modified_as_released: false },
    });
  }

  #checkPassword(user: string | null, password: string | null): boolean {
    const key = this.#context.keys.find(({ name }) => name === user);
    if (key === undefined || key.key !== password) return false;
    this.#authorisation.grant('', key.rights, Number.POSITIVE_INFINITY);
    return true;
  }

  #listen(): void {
    const connection = this.#connection;
    guardConnection(connection, {
      maxFrameBytes: MAX_FRAME_BYTES,
      log: this.#context.log,
      broken: (problem) => this.#fail(problem, CONDITIONS.framing),
    });
    const on = (event: string, handler: (context: EventContext) => void): void => {
      connection.on(event, (context: EventContext) => {
        try {
          handler(context);
        } catch (error) {
          this.#fail(error, CONDITIONS.internal);
        }
      });
    };
    on('session_open', ({ session }) => session && guardSession(session));
    this.#router.listen(on);
    for (const event of ['error', 'protocol_error']) on(event, (problem: unknown) => this.#fail(problem, CONDITIONS.framing));
    // Each ends in a close of what it is about; without a listener rhea would throw.
    for (const event of ['connection_error', 'connection_close', 'session_error', 'sender_error', 'receiver_error', 'disconnected']) on(event, () => undefined);
  }

  #fail(problem: unknown, condition: string): void {
    const description = problem instanceof Error ? problem.message : 'The connection broke the protocol.';
    this.#context.log.debug({ err: problem }, 'a connection is closed because of an error');
    this.close({ condition, description });
  }

  #dispositionsOf(session: Session): Dispositions {
    let dispositions = this.#dispositions.get(session);
    if (dispositions === undefined) this.#dispositions.set(session, (dispositions = new Dispositions(session)));
    return dispositions;
  }

  async #expectToken(): Promise<void> {
    await this.#context.clock.sleep(AUTHORISE_WITHIN_MS, this.#gone.signal);
    if (this.#gone.signal.aborted || !this.#authorisation.isEmpty) return;
    this.close({ condition: CONDITIONS.unauthorized, description: 'The connection was closed because it did not authorise in time.' });
  }
}

