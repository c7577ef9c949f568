import { describe, expect, test } from 'vitest';

import { Faults, parseFaults } from '../../../src/emulator/faults.js';

describe('fault rates on the command line', () => {
  test('are read from one text or several, the last rate of a kind winning', () => {
    expect(parseFaults(['server-busy=0.05,drop-connection=0.01', 'slow=1', 'server-busy=.5'])).toEqual({
      'server-busy': 0.5,
      'drop-connection': 0.01,
      slow: 1,
    });
    expect(parseFaults([])).toEqual({});
  });

  test.each([
    ['sever-busy=0.1', /got the kind "sever-busy"/, 'did you mean `server-busy`?'],
    ['xyz=0.1', /got the kind "xyz"/, 'the kinds are server-busy, drop-connection, detach-link, lose-lock, lost-reply, slow'],
    ['slow', /rate of slow must be a number from 0 to 1/, '`slow=0.05` makes one in twenty fail'],
    ['slow=', /got "slow="/, '`slow=0.05` makes one in twenty fail'],
    ['slow=1.01', /got "slow=1.01"/, '`slow=0.05` makes one in twenty fail'],
    ['slow=-1', /got "slow=-1"/, '`slow=0.05` makes one in twenty fail'],
    ['slow=5%', /got "slow=5%"/, '`slow=0.05` makes one in twenty fail'],
    ['slow=0.1=0.2', /got "slow=0.1=0.2"/, '`slow=0.05` makes one in twenty fail'],
    ['', /got the kind ""/, 'the kinds are server-busy, drop-connection, detach-link, lose-lock, lost-reply, slow'],
  ])('%j is refused', (text, message, hint) => {
    expect(() => parseFaults([text])).toThrow(message);
    expect(() => parseFaults([text])).toThrow(expect.objectContaining({ code: 'USAGE_INVALID', hint }));
  });
});

describe('faults', () => {
  test('strike when the random number is below the rate, and are counted', () => {
    const numbers = [0.049, 0.05, 0.9, 0];
    const faults = new Faults({ 'server-busy': 0.05 }, () => numbers.shift() ?? 1);
    expect([1, 2, 3, 4].map(() => faults.draw('server-busy'))).toEqual([true, false, false, true]);
    expect(faults.counts()).toEqual({ 'server-busy': 2 });
  });

  test('of a kind without a rate never strike and use up no random number; those with rate 1 always do', () => {
    let drawn = 0;
    const random = (): number => (drawn += 1) / 1000;
    const faults = new Faults({ slow: 1, 'lose-lock': 0 }, random);
    expect([faults.draw('drop-connection'), faults.draw('lose-lock')]).toEqual([false, false]);
    expect(drawn).toBe(0);
    expect(faults.draw('slow')).toBe(true);
  });
});
