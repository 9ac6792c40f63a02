// The only set-up step, run as often as you like: `node setup.mjs`. No dependencies.
// This file keeps to syntax that old Node versions parse, so that they can say what is wrong.
var major = parseInt(process.versions.node, 10);

if (major < 20) {
  console.error(
    'Laurel needs Node 20 or later, and this is Node ' +
      process.versions.node +
      ': install a current one from https://nodejs.org and run this again.',
  );
  process.exitCode = 1;
} else {
  import('./setup/main.mjs')
    .then((setup) => setup.main())
    .catch((error) => {
      console.error(error);
      process.exitCode = 1;
    });
}
