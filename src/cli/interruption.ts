/** Why a command stopped: its user asked it to. */
export class Interruption extends Error {
  override name = 'Interruption';
}

/**
 * Turns the first Ctrl-C (or SIGTERM) into an abort, which trainers answer with a checkpoint; `message` says so; a second one ends the
 * process at once.
 */
export function abortOnInterrupt(message: string): { signal: AbortSignal; release: () => void } {
  const controller = new AbortController();
  const onSignal = () => {
    if (controller.signal.aborted) process.exit(130);
    process.stderr.write(`\nStopping: ${message}. Press Ctrl-C again to leave at once.\n`);
    controller.abort(new Interruption('interrupted'));
  };
  process.on('SIGINT', onSignal);
  process.on('SIGTERM', onSignal);
  return {
    signal: controller.signal,
    release: () => {
      process.off('SIGINT', onSignal);
      process.off('SIGTERM', onSignal);
    },
  };
}
