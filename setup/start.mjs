import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { addonPath, isClone, ROOT } from './paths.mjs';

/** The command line: `setup` here, anything else in `dist/cli`, which set-up must have made. */
export async function start(argv) {
  if (argv[0] === 'setup') {
    const { main } = await import('./main.mjs');
    return main();
  }
  const missing = [join(ROOT, 'dist/cli/main.js'), addonPath()].find((path) => !existsSync(path));
  if (missing) {
    const command = isClone() ? 'npm run setup' : 'npx laurel setup';
    console.error(`Laurel is not set up yet (${missing} is missing): run \`${command}\` first.`);
    process.exitCode = 1;
    return;
  }
  const { main } = await import('../dist/cli/main.js');
  process.exitCode = await main(argv);
}
