// The version of the package. The build and the test runner put it in place of the constant.

declare const __COPILOTEVAL_VERSION__: string;

export const VERSION: string = __COPILOTEVAL_VERSION__;
