// What a choice in a list of choices sets off.

import type { Choice } from '../dialogs.js';
import type { Model } from '../model.js';
import { beginPlan } from './changes.js';
import { changeColumn } from './columns.js';
import { openJob, setDeadFilter, setJobsFilter } from './places.js';
import { typedText } from './edit-text.js';
import { flash, placeIn, replacePlace, stay, switchProfile, type Step } from './step.js';

export function choose(model: Model, choice: Choice, _at: number): Step {
  switch (choice.kind) {
    case 'filter':
      return stay(choice.of === 'dead' ? setDeadFilter(model, choice.text) : setJobsFilter(model, choice.text));
    case 'profile':
      return choice.name === model.session.profile
        ? stay(flash(model, 'plain', `profile ${choice.name} is open`))
        : switchProfile(model, choice.name);
    case 'job':
      return stay(openJob(model, choice.jobId));
    case 'column':
      return changeColumn(model, choice.column);
    case 'plan':
      return beginPlan(model, choice.request);
    case 'type': {
      const place = placeIn(model, 'new-job');
      if (place === undefined) return stay(model);
      return stay(replacePlace(model, { ...place, form: { ...place.form, type: choice.type, cursor: typedText(choice.type).cursor, field: 'payload', problem: null } }));
    }
  }
}
