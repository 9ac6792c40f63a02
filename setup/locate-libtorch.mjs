import { findLibtorch } from './find-libtorch.mjs';
import { installLibtorch, instructions } from './install-libtorch.mjs';
import { SetupError, say } from './report.mjs';

/** Finds libtorch, or installs it where that is allowed, or throws saying how to. */
export function locateLibtorch(options = {}) {
  const found = findLibtorch(options);
  if (found.libtorch) return found;
  for (const reason of found.passedOver) say(`Passing over the libtorch of ${reason}`);
  installLibtorch(options);
  const installed = findLibtorch(options);
  if (installed.libtorch) return installed;
  throw new SetupError(
    `apt-get finished, but libtorch is still not to be found.\n${instructions()}`,
  );
}
