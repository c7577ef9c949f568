// Which system the settings put the queues on. Whether it can be reached is not looked at here.

import type { Config } from './config.js';

type ChoiceConfig = Pick<Config, 'queue' | 'useServiceBus' | 'serviceBusConnectionString' | 'serviceBusNamespace'>;

export type QueueChoice =
  /** `switchedOff`: the flag is off although a connection is known, so work may be left on the service. */
  | { readonly kind: 'sqlite'; readonly switchedOff: boolean }
  /** `strict`: a profile asked for it, so what is missing is an error; the flag alone goes on without. */
  | { readonly kind: 'servicebus'; readonly strict: boolean };

/** The flag off wins over everything: it is how an operator takes Service Bus out of the way. */
export function chooseQueue(config: ChoiceConfig): QueueChoice {
  if (config.useServiceBus === false) return { kind: 'sqlite', switchedOff: namesServiceBus(config) };
  if (config.queue === 'servicebus') return { kind: 'servicebus', strict: true };
  if (config.useServiceBus === true) return { kind: 'servicebus', strict: false };
  return { kind: 'sqlite', switchedOff: namesServiceBus(config) };
}

/** Whether the settings say where a namespace is. */
export function namesServiceBus({ serviceBusConnectionString, serviceBusNamespace }: ChoiceConfig): boolean {
  return serviceBusConnectionString !== undefined || serviceBusNamespace !== undefined;
}
