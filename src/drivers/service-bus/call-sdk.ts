// Every call of the SDK: with a limit of time, since not all of them have one, and with its failure in the driver's codes.

import type { Clock } from '../../ports/clock.js';
import { serviceBusError } from './service-bus-errors.js';
import { withinTime } from './within-time.js';

export interface SdkCall {
  readonly clock: Clock;
  readonly limitMs: number;
  readonly operation: string;
  readonly queue: string;
  /** Told whether there was an answer in time. */
  readonly answered: (inTime: boolean) => void;
}

/** `call`'s signal fires when its time is over; what it does after that is nobody's. */
export async function callSdk<T>({ clock, limitMs, operation, queue, answered }: SdkCall, call: (overdue: AbortSignal) => Promise<T>): Promise<T> {
  try {
    const result = await withinTime({ clock, limitMs, operation }, call);
    answered(true);
    return result;
  } catch (thrown) {
    const error = serviceBusError(thrown, { operation, queue });
    answered(error.code !== 'SB_TIMEOUT');
    throw error;
  }
}
