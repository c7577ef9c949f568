// Checks around rhea's entry points of a connection: frames that are too large, exceptions where rhea catches none, and
// its voice on the console. Also gathers what a turn writes into one write to the socket.

import type { EmulatorLog } from '../emulator-log.js';
import { consoleInto, quietly } from './quiet-console.js';
import type { Connection } from './rhea.js';

export interface ConnectionGuard {
  readonly maxFrameBytes: number;
  readonly log: EmulatorLog;
  /** The connection cannot go on. */
  readonly broken: (problem: unknown) => void;
}

export function guardConnection(connection: Connection, { maxFrameBytes, log, broken }: ConnectionGuard): void {
  const input = connection.input.bind(connection);
  const turn = connection._process.bind(connection);
  const quiet = consoleInto(log);
  let isBroken = false;
  const fail = (problem: unknown): void => {
    isBroken = true;
    broken(problem);
  };
  connection.input = (bytes) => {
    // What follows bytes that could not be read cannot be read either.
    if (isBroken) return;
    run(() => input(bytes));
    const size = connection.frame_size;
    if (size !== undefined && size > maxFrameBytes) fail(new Error(`a frame of ${size} bytes is larger than ${maxFrameBytes}`));
  };
  connection._process = () => {
    const { socket } = connection;
    socket?.cork();
    run(turn);
    socket?.uncork();
  };
  const run = (action: () => void): void => {
    try {
      quietly(quiet, action);
    } catch (error) {
      fail(error);
    }
  };
}
