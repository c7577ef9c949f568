// Draws docs/dashboard.svg: the real program in a pseudo terminal over data of a small incident, its cells as SVG. Takes four
// minutes, since its trends are of what happened while it was open.
// `npm run build && node scripts/run-typescript.mjs scripts/draw-dashboard.ts`

import { spawn as start, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';

import xterm from '@xterm/headless';
import { spawn } from 'node-pty';

const COLUMNS = 110;
const ROWS = 26;
const MINUTES = 4;
const WAVE_MS = 12_000;
const CELL = { width: 8.4, height: 18 };
const PALETTE = ['#1d1f21', '#e06c75', '#98c379', '#e5c07b', '#61afef', '#c678dd', '#56b6c2', '#d0d0d0', '#7f848e', '#ff7b86', '#a9dc76', '#ffd866', '#78b8ff', '#d699ff', '#6fd3e0', '#ffffff'];
const PAPER = '#16181a';
const INK = '#d0d0d0';

const home = mkdtempSync(join(tmpdir(), 'copiloteval-picture-'));
const env = { PATH: process.env['PATH'] ?? '', HOME: home, COPILOTEVAL_HOME: join(home, 'data'), COPILOTEVAL_USER: 'ada', TERM: 'xterm-256color', LANG: 'C.UTF-8', TZ: 'UTC' };
const run = (args: readonly string[], input = ''): void => {
  const { status, stderr } = spawnSync(process.execPath, ['bin/copiloteval.js', ...args], { env, input, encoding: 'utf8' });
  if (status !== 0) throw new Error(`${args.join(' ')}: ${stderr}`);
};

try {
  run(['init', '--yes', '--set', 'retryBaseSeconds=0.1']);
  run(['queues', 'create', 'scoring-jobs']);
  const workers = ['evaluation-jobs', 'scoring-jobs'].map((queue) =>
    start(process.execPath, ['bin/copiloteval.js', 'worker', 'start', '--queue', queue, '--concurrency', '4'], { env, stdio: 'ignore' }),
  );
  try {
    writeFileSync('docs/dashboard.svg', await picture());
  } finally {
    for (const worker of workers) worker.kill('SIGKILL');
  }
} finally {
  rmSync(home, { recursive: true, force: true });
}

/** More and less of everything, as it goes; failures only at the end. */
function submitWave(wave: number, last: number): void {
  const swell = Math.sin((wave / last) * Math.PI * 3);
  run(['submit', '--from', '-'], lines(60 + Math.round(40 * swell), (n) => ({ type: 'sleep', payload: { ms: 300 + (n % 9) * 100 } })));
  run(['submit', '--from', '-', '--queue', 'scoring-jobs'], lines(70 - Math.round(60 * swell), (n) => ({ type: n % 3 === 0 ? 'echo' : 'sleep', payload: { ms: 400 + (n % 7) * 100 } })));
  if (wave > last - 4) run(['submit', '--from', '-'], lines(3, () => ({ type: 'fail', payload: { times: 9, message: 'upstream answered 503' } })));
}

function lines(count: number, job: (n: number) => object): string {
  return Array.from({ length: count }, (_, n) => `${JSON.stringify(job(n))}\n`).join('');
}

/** The overview after some minutes, with both workers known and the failures told of. */
async function picture(): Promise<string> {
  const terminal = new xterm.Terminal({ cols: COLUMNS, rows: ROWS, allowProposedApi: true });
  const dashboard = spawn(process.execPath, ['bin/copiloteval.js', 'dashboard'], { cols: COLUMNS, rows: ROWS, env });
  const shows = new Promise<void>((resolve) => {
    dashboard.onData((data) => {
      terminal.write(data, () => {
        const shown = Array.from({ length: ROWS }, (_, row) => terminal.buffer.active.getLine(row)?.translateToString() ?? '').join('\n');
        if (/Workers 2/.test(shown) && /dead \+\d/.test(shown) && /p50/.test(shown) && shown.includes('? help')) resolve();
      });
    });
  });
  const waves = (MINUTES * 60_000) / WAVE_MS;
  for (let wave = 0; wave < waves; wave += 1) {
    submitWave(wave, waves);
    await pause(WAVE_MS);
  }
  await shows;
  const svg = draw(terminal);
  dashboard.write('\u0003');
  return svg;
}

function draw(terminal: InstanceType<typeof xterm.Terminal>): string {
  const [width, height] = [COLUMNS * CELL.width + 24, ROWS * CELL.height + 24];
  const rows = Array.from({ length: ROWS }, (_, row) => drawRow(terminal, row));
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" font-family="ui-monospace, Menlo, Consolas, 'DejaVu Sans Mono', monospace" font-size="14">`,
    `<rect width="100%" height="100%" rx="8" fill="${PAPER}"/>`,
    ...rows,
    '</svg>',
    '',
  ].join('\n');
}

/** One text for each run of cells that look alike. */
function drawRow(terminal: InstanceType<typeof xterm.Terminal>, row: number): string {
  const line = terminal.buffer.active.getLine(row);
  const runs: { from: number; text: string; style: string; isInverse: boolean }[] = [];
  for (let column = 0; column < COLUMNS; column += 1) {
    const cell = line?.getCell(column);
    if (cell === undefined) continue;
    const isInverse = cell.isInverse() !== 0;
    const color = cell.isFgPalette() ? (PALETTE[cell.getFgColor()] ?? INK) : INK;
    const style = `fill="${isInverse ? PAPER : color}"${cell.isBold() ? ' font-weight="bold"' : ''}${cell.isDim() ? ' opacity="0.6"' : ''}`;
    const last = runs.at(-1);
    if (last !== undefined && last.style === style && last.isInverse === isInverse) last.text += cell.getChars() || ' ';
    else runs.push({ from: column, text: cell.getChars() || ' ', style, isInverse });
  }
  const y = 12 + row * CELL.height;
  return runs.map(({ from, text, style, isInverse }) => drawRun({ x: 12 + from * CELL.width, y, text, style, isInverse })).join('');
}

function drawRun({ x, y, text, style, isInverse }: { x: number; y: number; text: string; style: string; isInverse: boolean }): string {
  const width = text.length * CELL.width;
  const paper = isInverse ? `<rect x="${x.toFixed(1)}" y="${y}" width="${width.toFixed(1)}" height="${CELL.height}" fill="${INK}"/>` : '';
  if (text.trim() === '') return paper;
  const escaped = text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
  return `${paper}<text x="${x.toFixed(1)}" y="${y + 14}" textLength="${width.toFixed(1)}" xml:space="preserve" ${style}>${escaped}</text>`;
}
