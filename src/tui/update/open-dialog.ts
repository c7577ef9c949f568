// Puts a dialog on the screen.

import type { Dialog } from '../dialogs.js';
import type { Model } from '../model.js';

/** A question in production says where one is, beside what it asks. */
export function openDialog(model: Model, dialog: Dialog): Model {
  const { session } = model;
  const asked = dialog.kind === 'ask' && session.production ? { ...dialog, title: `PRODUCTION ${session.profile}: ${dialog.title}` } : dialog;
  return { ...model, dialog: asked, help: null, prompt: null };
}
