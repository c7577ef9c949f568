import { expect, test } from 'vitest';

import { withDead, planned, screen, withJobs, filled } from '../../support/tui-screens.js';
import { modelAt, overviewData, press } from '../../support/tui-model.js';

const dead = () => withDead(filled(modelAt(100, 30)));

test('the queue and the rate of a planned replay are changed by another plan; the first is given up', () => {
  const asked = planned(press(dead(), 'R').model);
  expect(asked.dialog).toMatchObject({ kind: 'ask', title: expect.stringContaining('Replay') });
  const first = asked.dialog?.kind === 'ask' ? asked.dialog : undefined;
  const picking = press(asked, 't');
  expect(picking.effects).toEqual([first?.cancel]);
  const [, second] = overviewData().stats.queues;
  const replanned = press(picking.model, 'j', 'j', 'enter');
  expect(replanned.effects).toEqual([expect.objectContaining({ t: 'plan', request: expect.objectContaining({ toQueue: second?.name, ratePerSecond: null }) })]);
  const slower = press(press(planned(replanned.model), 's').model, 'j', 'j', 'j', 'enter');
  expect(slower.effects).toEqual([
    expect.objectContaining({ t: 'plan', request: expect.objectContaining({ toQueue: second?.name, ratePerSecond: 20 }), command: expect.stringContaining(` --to ${second?.name} --rate 20/s`) }),
  ]);
});

test('closing the choice plans the replay as it was', () => {
  const asked = planned(press(dead(), 'R').model);
  const closed = press(press(asked, 's').model, 'escape');
  expect(closed.effects).toEqual([expect.objectContaining({ t: 'plan', request: expect.objectContaining({ toQueue: null, ratePerSecond: null }) })]);
});

test('a purge and a change of jobs have neither', () => {
  const purge = screen('purge', 100, 30);
  expect(press(purge, 't').effects).toEqual([]);
  const cancelling = press(withJobs(filled(modelAt(100, 30))), 'C').model;
  expect(press(cancelling, 't')).toMatchObject({ effects: [], model: { dialog: cancelling.dialog } });
});

test('a production profile asks for the reason once, not again for each plan', () => {
  const start = withDead(filled(modelAt(100, 30, { session: { production: true, reasonRequired: true } })));
  const waiting = press(press(start, 'R').model, 'w', 'h', 'y', 'enter').model;
  const again = press(press(planned(waiting), 's').model, 'j', 'enter');
  expect(again.effects).toEqual([expect.objectContaining({ t: 'plan', request: expect.objectContaining({ ratePerSecond: 1, reasonText: 'why' }) })]);
});
