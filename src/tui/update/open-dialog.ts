// Puts a dialog on the screen.

import type { Dialog } from '../dialogs.js';
import type { Model } from '../model.js';

export function openDialog(model: Model, dialog: Dialog): Model {
  return { ...model, dialog, help: null, prompt: null };
}
