import { fromTypedArray } from './create.ts';
import { adopt, GeneratorHandle } from './dispatch.ts';
import { attempt, native } from './native.ts';
import { tidy } from './scope.ts';
import type { Tensor } from './tensor.ts';

const released = new FinalizationRegistry<number>((id) => native.releaseGenerator(id));

/** A seeded stream of random numbers whose state can be saved and restored, so that a resumed run repeats. */
export class Generator extends GeneratorHandle {
  constructor(seed: number, device = 'cpu') {
    super(attempt('Generator', () => native.createGenerator(device, seed)));
    released.register(this, this.id);
  }

  /** The exact position in the stream, as bytes. */
  get state(): Uint8Array {
    return tidy(() =>
      (adopt(native.generatorState(this.id)) as Tensor).toTypedArray(),
    ) as Uint8Array;
  }

  set state(bytes: Uint8Array) {
    const restore = () =>
      native.setGeneratorState(this.id, fromTypedArray(bytes, [bytes.length]).id);
    attempt('Generator.state', () => tidy(restore));
  }
}
