import { readFileSync } from 'node:fs';
import { availableParallelism, cpus } from 'node:os';

/** What the processor is, as far as arithmetic is concerned. */
export interface Processor {
  readonly model: string;
  /** Instruction sets that matrix kernels use, widest last: `AVX2`, `AVX-512`, … */
  readonly features: readonly string[];
  /** Whole cores; the two hardware threads of a core share its arithmetic units. */
  readonly physicalCores: number;
  /** Hardware threads that this process may use. */
  readonly hardwareThreads: number;
}

const FEATURES: ReadonlyArray<readonly [flag: string, name: string]> = [
  ['avx2', 'AVX2'],
  ['asimd', 'NEON'],
  ['avx512f', 'AVX-512'],
  ['avx512_bf16', 'AVX-512 BF16'],
  ['amx_bf16', 'AMX'],
];

/** Reads the text of Linux's /proc/cpuinfo; where it says nothing, Node's own counts stand in. */
export function readProcessor(
  cpuinfo = readCpuinfo(),
  hardwareThreads = availableParallelism(),
): Processor {
  const flags = new Set(cpuinfo.match(/^(?:flags|Features)\s*:(.*)$/m)?.[1]?.split(' '));
  return {
    model: cpuinfo.match(/^model name\s*:\s*(.*)$/m)?.[1] ?? cpus()[0]?.model ?? 'unknown',
    features: FEATURES.filter(([flag]) => flags.has(flag)).map(([, name]) => name),
    physicalCores: Math.min(countCores(cpuinfo) || hardwareThreads, hardwareThreads),
    hardwareThreads,
  };
}

function readCpuinfo(): string {
  try {
    return readFileSync('/proc/cpuinfo', 'utf8');
  } catch {
    return '';
  }
}

function countCores(cpuinfo: string): number {
  const cores = cpuinfo.split('\n\n').map((block) => {
    const socket = block.match(/^physical id\s*:\s*(\d+)/m)?.[1];
    const core = block.match(/^core id\s*:\s*(\d+)/m)?.[1];
    return core && `${socket}/${core}`;
  });
  return new Set(cores.filter((core) => core !== undefined)).size;
}
