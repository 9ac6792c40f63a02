import { readProcessor } from '../tensor/processor.ts';
import { checkBlas, checkOpenBlasCore, findBlas } from './doctor/blas.ts';
import { checkBuild, readBuildStamp } from './doctor/build-stamp.ts';
import { type Check, check } from './doctor/check.ts';
import { checkFusedKernels } from './doctor/fused-kernels.ts';
import { checkGpu, listGpus } from './doctor/gpu.ts';
import { checkMachine, readSystemFile } from './doctor/machine.ts';
import { checkThreads } from './doctor/threads.ts';

const OLDEST_NODE = 20;

/**
 * Looks at everything that decides whether and how fast Laurel runs here. The engine is loaded last
 * and its failure is a finding, so that the rest is told even where the addon is missing.
 */
export async function doctor(): Promise<Check[]> {
  const stamp = readBuildStamp();
  const machine = [checkNode(), ...checkMachine(readProcessor())];
  return [...machine, ...checkBuild(stamp), ...(await checkEngine())];
}

function checkNode(version = process.versions.node): Check {
  const old = Number.parseInt(version, 10) < OLDEST_NODE;
  if (!old) return check('Node', version);
  return { name: 'Node', value: version, verdict: 'fail', advice: 'install Node 20 or later' };
}

async function checkEngine(): Promise<Check[]> {
  try {
    const [tensor, gemm] = await Promise.all([
      import('../tensor/index.ts'),
      import('./doctor/gemm.ts'),
    ]);
    const threads = tensor.threadCount();
    return [
      ...describeEngine(tensor.describeSystem(), threads),
      gemm.checkGemm(gemm.measureGemm(), threads),
    ];
  } catch (error) {
    const value = error instanceof Error ? error.message : String(error);
    return [{ name: 'engine', value, verdict: 'fail', advice: 'run setup again' }];
  }
}

type System = ReturnType<typeof import('../tensor/index.ts')['describeSystem']>;

function describeEngine(system: System, threads: number): Check[] {
  const processor = readProcessor();
  const maps = readSystemFile('/proc/self/maps');
  const blas = findBlas(maps, system.build, system.openblasConfig);
  const core = blas.kind.startsWith('openblas') ? system.openblasCore : '';
  const kernels = checkOpenBlasCore({ core, firstChoice: system.openblasFirstChoice }, processor);
  const fused = checkFusedKernels(system.fusedMultiplyAdd, processor);
  const built = system.cuda || /USE_CUDA=(?:ON|1)/.test(system.build);
  return [
    checkBlas(blas, processor, threads),
    ...(kernels ? [kernels] : []),
    ...(fused ? [fused] : []),
    checkThreads(threads, processor),
    checkGpu(listGpus(), { built, devices: system.cudaDevices }),
  ];
}
