// Short form in `npm test`, long form in `npm run test:long`.

export const LONG = process.env['COPILOTEVAL_TEST_LONG'] === '1';

export function byLength<T>(short: T, long: T): T {
  return LONG ? long : short;
}
