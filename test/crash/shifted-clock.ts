// Loaded before the program with --import: shifts its wall clock by CLOCK_SHIFT_MS from the start, and by CLOCK_STEP_MS
// more when the process gets SIGUSR2. The monotonic clock goes on, as it does when somebody sets a machine's clock.

const RealDate = Date;
const number = (name: string): number => Number(process.env[name] ?? '0');
let shift = number('CLOCK_SHIFT_MS');
const step = number('CLOCK_STEP_MS');
if (step !== 0) process.on('SIGUSR2', () => (shift += step));

globalThis.Date = new Proxy(RealDate, {
  construct: (target, args: unknown[], newTarget) => Reflect.construct(target, args.length === 0 ? [RealDate.now() + shift] : args, newTarget) as object,
  get: (target, name) => (name === 'now' ? () => RealDate.now() + shift : (Reflect.get(target, name) as unknown)),
});
