import { createRequire } from 'node:module';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { EngineError } from '../errors.ts';
import { chooseThreads } from './threads.ts';
import { isTracing, traced } from './trace.ts';

/** What native/ exports. Handles are numbers; −1 stands for "none" where a handle is optional. */
export interface Native {
  /** The wire in use: this one when it is the first. */
  attach(wire: Float64Array): Float64Array;
  find(name: string, overload: string): number;
  has(name: string, overload: string): boolean;
  schema(operator: number): string;
  call(operator: number, wireWords: number, keepResults: boolean): number;
  operators(): string[];
  intern(text: string): number;
  stringAt(index: number): string;
  release(count: number): number;
  describe(handle: number): void;
  item(handle: number): number;
  deviceName(handle: number): string;
  liveTensors(): number;
  weigh(handle: number): number;
  fromArray(array: ArrayBufferView, dtype: number, rank: number): number;
  shareArray(array: ArrayBufferView, dtype: number, rank: number): number;
  copyTo(handle: number, array: ArrayBufferView): void;
  memoryOf(handle: number): ArrayBuffer;
  gradMode(enabled: boolean): boolean;
  setRequiresGrad(handle: number, required: boolean): void;
  gradOf(handle: number): number;
  setGrad(handle: number, gradient: number): void;
  backward(handle: number, gradient: number, keepGraph: boolean): void;
  gradients(inputs: number, seeded: boolean, keepGraph: boolean, createGraph: boolean): void;
  createGenerator(device: string, seed: number): number;
  releaseGenerator(handle: number): void;
  generatorState(handle: number): number;
  setGeneratorState(handle: number, state: number): void;
  setThreads(count: number): void;
  /** The same where nobody in the process has chosen yet. */
  startThreads(count: number): void;
  threads(): number;
  adjustMemory(bytes: number): number;
  describeSystem(): SystemDescription;
  tensorMemory(): void;
  trimMemory(): void;
  /** This thread's number. */
  startProfile(): number;
  /** Six numbers for each kernel; kernels that were not kept; the texts that numbers stand for. */
  stopProfile(): [records: Float64Array, dropped: number, ...texts: string[]];
  /** Nanoseconds, by the clock of the records. */
  profileClock(): number;
}

/** The libtorch that was loaded. */
export interface SystemDescription {
  /** libtorch's version. */
  torch: string;
  build: string;
  parallel: string;
  /** OpenBLAS's kernel family, '' when another BLAS is loaded. */
  openblasCore: string;
  /** What OpenBLAS had chosen by itself; native/openblas.cc puts Prescott right on newer processors. */
  openblasFirstChoice: string;
  openblasConfig: string;
  /** Instruction sets that the fused operators were compiled for, besides plain vectors. */
  kernelSets: string;
  /** Whether the fused operators run in their versions for AVX2 or AVX-512, which multiply and add at once. */
  fusedMultiplyAdd: boolean;
  cuda: boolean;
  cudaDevices: number;
}

/** Where set-up puts the addon: `LAUREL_BUILD_DIR`, or as seen from src/tensor and dist/tensor alike. */
const { LAUREL_BUILD_DIR } = process.env;
const buildFolder = LAUREL_BUILD_DIR
  ? resolve(LAUREL_BUILD_DIR)
  : fileURLToPath(new URL('../../native/build', import.meta.url));
/** The addon that this process uses. */
export const addonPath = join(buildFolder, 'laurel.node');

function loadAddon(): Native {
  try {
    return createRequire(import.meta.url)(addonPath) as Native;
  } catch (cause) {
    const advice = 'Run `npm run setup` in a clone, `npx laurel setup` elsewhere.';
    throw EngineError.from('load the native addon', cause, `. ${advice}`);
  }
}

/**
 * Stands for a part of the engine until something of it is asked for: loading libtorch takes almost half a second, and
 * many commands need none of it.
 */
const onFirstUse = <Part extends object>(part: () => Part): Part =>
  new Proxy({} as Part, {
    get(_, name) {
      load();
      const value: unknown = Reflect.get(part(), name);
      return typeof value === 'function' ? value.bind(part()) : value;
    },
    set(_, name, value) {
      load();
      return Reflect.set(part(), name, value);
    },
  });

/** Loaded when it is first used. @throws EngineError then, where it was not built. */
export let native: Native = onFirstUse(() => native);

const WIRE_LENGTH = 1 << 17;

/**
 * Carries arguments in and results out, as tags and payloads; native/wire.h has the format. Copies of this module
 * in one process share it, as they share the addon.
 */
export let wire: Float64Array = onFirstUse(() => wire);

let isLoaded = false;

function load(): void {
  if (isLoaded) return;
  const addon = loadAddon();
  isLoaded = true;
  native = addon;
  wire = addon.attach(new Float64Array(WIRE_LENGTH));
  // Threads belong to the process: who loads it later takes what was chosen.
  addon.startThreads(chooseThreads().count);
}

/** Runs something native; what it throws becomes an EngineError that names `operation`. */
export function attempt<Result>(operation: string, work: () => Result): Result {
  try {
    return isTracing() ? traced('bridge', operation, work) : work();
  } catch (cause) {
    throw cause instanceof EngineError ? cause : EngineError.from(operation, cause);
  }
}
