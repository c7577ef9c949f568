// `echo`: the payload is the result. For drills, tests and measurements.

import { defineHandler } from '../handler.js';

export const echoHandler = defineHandler({
  type: 'echo',
  run: (_context, payload) => Promise.resolve({ result: payload }),
});
