// Every call of the SDK: its failure in the driver's codes, and a limit of time where it has none of its own.

import { AppError } from '../../domain/errors.js';
import type { Clock } from '../../ports/clock.js';
import { operationText, serviceBusError } from './service-bus-errors.js';
import { withinTime } from '../azure-access/within-time.js';

export type CallEnd = 'answered' | 'silent' | 'failed';

export interface SdkCall {
  readonly operation: string;
  readonly queue: string;
  /** Told how it ended: with what was asked for, in silence, or with an error. */
  readonly ended: (how: CallEnd) => void;
  /** The call's connection is gone by now: whatever error that made, it says no more than that. */
  readonly isCutOff: () => boolean;
}

/** For calls that end by themselves within the SDK's own time-out. */
export async function callSdk<T>({ operation, queue, ended, isCutOff }: SdkCall, call: () => Promise<T>): Promise<T> {
  try {
    const result = await call();
    ended('answered');
    return result;
  } catch (thrown) {
    const error = serviceBusError(thrown, { operation, queue });
    ended(error.code === 'SB_TIMEOUT' ? 'silent' : 'failed');
    if (error.code !== 'SB_FAILED' || !isCutOff()) throw error;
    throw new AppError('SB_UNREACHABLE', `cannot ${operation} (queue ${queue}): the connection was cut`, { cause: error });
  }
}

/** `call`'s signal fires when its time is over; what it does after that is nobody's. */
export function callSdkInTime<T>(sdkCall: SdkCall, { clock, limitMs }: { clock: Clock; limitMs: number }, call: (overdue: AbortSignal) => Promise<T>): Promise<T> {
  return callSdk(sdkCall, () => withinTime({ clock, limitMs, operation: operationText(sdkCall) }, call));
}
