// What `import … from 'copiloteval'` gives to modules with handlers of one's own. Nothing else is public.

export { PermanentError, RetryLaterError } from './domain/errors.js';
export { defineHandler } from './worker/handler.js';
export type { Handler, HandlerContext, HandlerResult } from './worker/handler.js';
