// A program around the dashboard's terminal alone, for tests of what it leaves behind. It echoes events and does what the
// keys say: q ends, t throws in a timer, r rejects a promise nobody awaits, e edits, z stops, s sleeps while lent.

import { openTerminal } from '../../src/tui/terminal/open-terminal.js';
import { systemClock } from '../../src/ports/clock.js';

const { stdin, stdout } = process;
const terminal = openTerminal({
  stdin,
  stdout: stdout,
  clock: systemClock,
  settings: { insideTmux: false, fallbackSize: { columns: 80, rows: 24 }, editor: process.env['EDITOR'] ?? 'true', isScreenPainted: false },
});
const seen: string[] = [];
const show = (): void => {
  const { columns, rows } = terminal.size;
  terminal.draw([`${columns}x${rows} pid ${process.pid}`, `events: ${seen.join(' ')}`, ...Array.from({ length: rows - 2 }, () => '')].map((row) => row.slice(0, columns).padEnd(columns)).join('\n'));
};

let end: (code: number) => void = () => undefined;
const ended = new Promise<number>((resolve) => (end = resolve));
terminal.listen((event) => {
  const key = event.kind === 'key' ? event.key.name : undefined;
  seen.push(key ?? (event.kind === 'paste' ? `paste(${JSON.stringify(event.text)})` : event.kind));
  show();
  if (key === 'q' || key === 'ctrl-c') end(0);
  else if (key === 't') setTimeout(() => {
    throw new Error('thrown in a timer');
  }, 0);
  else if (key === 'r') void Promise.reject(new Error('rejected'));
  else if (key === 'e') void terminal.edit({ name: 'payload.json', text: 'before' }).then((text) => (seen.push(`edited(${text})`), show()));
  else if (key === 'ctrl-z') terminal.stop();
  else if (key === 'b') terminal.bell();
  else if (key === 'y') terminal.copy('job 1');
});
for (const name of ['SIGTERM', 'SIGHUP'] as const) process.on(name, () => end(name === 'SIGTERM' ? 143 : 129));
show();

// As the dashboard's command does it.
try {
  process.exitCode = await Promise.race([ended, terminal.failure]);
  terminal.restore();
} catch (error) {
  process.stderr.write(`error: ${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 70;
}
