import { describe, expect, test } from 'vitest';

import { type Outcome, SettlementQueue } from '../../../../src/drivers/service-bus/settlement-queue.js';

/** Settlements that note in which turn of the event loop they were written. */
class Turns {
  readonly written: { readonly turn: number; readonly outcome: Outcome; readonly name: string }[] = [];
  #turn = 0;
  #counting = true;

  constructor() {
    const count = (): void => {
      this.#turn += 1;
      if (this.#counting) setImmediate(count);
    };
    setImmediate(count);
  }

  send(name: string, outcome: Outcome): () => Promise<void> {
    return async () => void this.written.push({ turn: this.#turn, outcome, name });
  }

  end(): void {
    this.#counting = false;
  }
}

async function settleAll(outcomes: readonly Outcome[]): Promise<Turns> {
  const turns = new Turns();
  const queue = new SettlementQueue();
  await Promise.all(outcomes.map((outcome, index) => queue.settle(outcome, turns.send(String(index), outcome))));
  turns.end();
  return turns;
}

describe('SettlementQueue', () => {
  test('writes completions that are asked for together in one turn', async () => {
    const { written } = await settleAll(['complete', 'complete', 'complete']);
    expect(new Set(written.map(({ turn }) => turn)).size).toBe(1);
  });

  test('never writes a dead-lettering in the turn of anything else', async () => {
    const { written } = await settleAll(['complete', 'dead-letter', 'dead-letter', 'complete', 'complete', 'dead-letter']);
    expect(written.map(({ name }) => name)).toEqual(['0', '1', '2', '3', '4', '5']);
    for (const dead of written.filter(({ outcome }) => outcome === 'dead-letter')) {
      expect(written.filter(({ turn }) => turn === dead.turn)).toEqual([dead]);
    }
  });

  test('keeps the turns apart when settlements come while others run', async () => {
    const turns = new Turns();
    const queue = new SettlementQueue();
    const later = async (): Promise<void> => {
      await new Promise(setImmediate);
      await queue.settle('dead-letter', turns.send('later', 'dead-letter'));
    };
    await Promise.all([queue.settle('complete', turns.send('first', 'complete')), later(), queue.settle('complete', turns.send('second', 'complete'))]);
    turns.end();
    const dead = turns.written.find(({ name }) => name === 'later');
    expect(turns.written.filter(({ turn }) => turn === dead?.turn)).toHaveLength(1);
  });

  test('hands each settlement its own failure and goes on', async () => {
    const queue = new SettlementQueue();
    const failing = queue.settle('complete', () => Promise.reject(new Error('lost')));
    await expect(failing).rejects.toThrow('lost');
    await expect(queue.settle('complete', () => Promise.resolve())).resolves.toBeUndefined();
  });
});
