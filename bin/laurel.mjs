#!/usr/bin/env node
// `laurel setup` builds the addon; every other command is src/cli, compiled. The first lines keep to
// syntax that old Node versions parse, so that they can say what is wrong.
var major = parseInt(process.versions.node, 10);

if (major < 20) {
  console.error(
    'Laurel needs Node 20 or later, and this is Node ' +
      process.versions.node +
      ': install a current one from https://nodejs.org and run this again.',
  );
  process.exitCode = 1;
} else {
  import('../setup/start.mjs')
    .then((start) => start.start(process.argv.slice(2)))
    .catch((error) => {
      console.error(error);
      process.exitCode = 1;
    });
}
