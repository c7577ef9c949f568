// Faults of another system, by chance.

import type { FarCall, FarFault, FarFaults } from '../support/far-queue.js';

/** `call:fault=probability`, comma-separated; a call has at most one fault at a time. */
export function randomFaults(text: string): FarFaults {
  const rates = text
    .split(',')
    .filter((part) => part !== '')
    .map((part) => {
      const match = /^(\w+):([\w-]+)=([\d.]+)$/.exec(part);
      if (match === null) throw new Error(`a fault is call:fault=probability, got ${part}`);
      return { call: match[1] as FarCall, fault: match[2] as FarFault, rate: Number(match[3]) };
    });
  return (made) => {
    let drawn = Math.random();
    for (const { call, fault, rate } of rates) {
      if (call !== made) continue;
      if (drawn < rate) return fault;
      drawn -= rate;
    }
    return undefined;
  };
}
