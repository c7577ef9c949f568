#!/usr/bin/env node
// Starts the build. Written so that old versions of Node can read it and say what they lack.

var version = process.versions.node.split('.');
if (Number(version[0]) > 20 || (Number(version[0]) === 20 && Number(version[1]) >= 19)) {
  import('../dist/process-main.js').then(function (program) {
    return program.runProcess();
  });
} else {
  process.stderr.write(
    'error: copiloteval needs Node 20.19 or newer, got ' + process.versions.node + '  [CONFIG_INVALID]\n' +
      'hint:  install a current Node, or choose it with your version manager\n',
  );
  process.exitCode = 4;
}
