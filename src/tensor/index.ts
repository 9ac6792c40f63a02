export { enableGrad, type GradOptions, grad, gradEnabled, noGrad } from './autograd.ts';
export { callTensor, callTensors } from './call-tensor.ts';
export {
  arange,
  type CreateOptions,
  empty,
  fromTypedArray,
  full,
  type NestedNumbers,
  ones,
  rand,
  randint,
  randn,
  shareTypedArray,
  tensor,
  tokenTensor,
  zeros,
} from './create.ts';
export {
  type Argument,
  call,
  callInPlace,
  hasOperator,
  listOperators,
  type OperatorResult,
} from './dispatch.ts';
export { type DType, dtypeBytes, dtypeCode, isFloating, type NumericArray } from './dtype.ts';
export type { Operand } from './elementwise.ts';
export {
  assertSameShape,
  cat,
  composedRmsNorm,
  embedding,
  linear,
  maximum,
  minimum,
  multinomial,
  rmsNorm,
  stack,
  where,
} from './functions.ts';
export { Generator } from './generator.ts';
export { startTrace, type Trace, type TraceEvent, type TraceKind } from './profile.ts';
export {
  readSafetensors,
  SafetensorsFile,
} from './safetensors.ts';
export {
  readSafetensorsFolder,
  type SafetensorsFolder,
  type WriteSafetensorsFolderOptions,
  writeSafetensorsFolder,
} from './safetensors-folder.ts';
export type { SafetensorsEntry } from './safetensors-header.ts';
export {
  replaceFile,
  type WriteSafetensorsOptions,
  writeSafetensors,
} from './safetensors-write.ts';
export { dispose, engineMark, keep, liveTensors, openScope, type Scope, tidy } from './scope.ts';
export {
  describeSystem,
  setThreadCount,
  type TensorMemory,
  tensorMemory,
  threadCount,
  trimMemory,
} from './system.ts';
export { type Axes, type ReduceOptions, Tensor } from './tensor.ts';
export { phase, traced } from './trace.ts';
