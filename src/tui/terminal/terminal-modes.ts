// The terminal modes the dashboard runs in, and the way back. Sequences: xterm's control sequences (DECSET).

const MODES = [
  // The other screen, so that the user's scrollback is what it was.
  { set: '?1049h', reset: '?1049l' },
  // No wrapping: the last cell of the last row may be written without scrolling the screen.
  { set: '?7l', reset: '?7h' },
  // No cursor.
  { set: '?25l', reset: '?25h' },
  // Pasted text comes between marks.
  { set: '?2004h', reset: '?2004l' },
  // Tells when the window gets and loses the focus.
  { set: '?1004h', reset: '?1004l' },
  // The wheel sends arrow keys while the other screen is shown.
  { set: '?1007h', reset: '?1007l' },
] as const;

export const ENTER_MODES = MODES.map(({ set }) => `\u001b[${set}`).join('');

/** In reverse; colours go back to normal first. An open frame is ended, so that no terminal waits for the rest of it. */
export const LEAVE_MODES = `\u001b[?2026l\u001b[0m${[...MODES].reverse().map(({ reset }) => `\u001b[${reset}`).join('')}`;
