import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The package's folder: a clone, or `node_modules/laurel`. */
export const ROOT = fileURLToPath(new URL('..', import.meta.url));

/** Whether this is a clone, which has the sources that a published package lacks. */
export const isClone = (root = ROOT) => existsSync(join(root, 'tsconfig.build.json'));

/** Where the addon goes: `native/build`, or `LAUREL_BUILD_DIR` to keep builds side by side. */
export const buildFolder = (env = process.env) =>
  env.LAUREL_BUILD_DIR ? resolve(env.LAUREL_BUILD_DIR) : join(ROOT, 'native', 'build');

/** The addon itself. */
export const addonPath = (env = process.env) => join(buildFolder(env), 'laurel.node');
