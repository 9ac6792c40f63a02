// `npm run bench -- --operators`: fused operators of one pass each beside the same formula from libtorch's operators, by
// turns on the same numbers, without gradient: nanoseconds per number, and how many times as fast. Shows at once where a
// kernel was not vectorised. `--threads 1`, `--rounds 15`.
import { parseArgs } from 'node:util';
import {
  callTensor,
  callTensors,
  composedRmsNorm,
  describeSystem,
  Generator,
  noGrad,
  randn,
  rmsNorm,
  setThreadCount,
  type Tensor,
  tidy,
} from '../dist/tensor/index.js';
import { table } from './memory-process.ts';

const { values } = parseArgs({
  options: {
    operators: { type: 'boolean' },
    threads: { type: 'string', default: '1' },
    rounds: { type: 'string', default: '15' },
  },
});

const [ROWS, WIDTH] = [4096, 256];
const generator = new Generator(0);
const x = randn([ROWS, WIDTH], generator);
const both = randn([ROWS, 4 * WIDTH], generator);
const weight = randn([WIDTH], generator);

interface Pair {
  readonly numbers: number;
  readonly fused: () => unknown;
  readonly composed: () => unknown;
}

const halves = (all: Tensor): [Tensor, Tensor] => {
  const half = all.shape.at(-1)! / 2;
  return [all.narrow(-1, 0, half), all.narrow(-1, half, half)];
};

const pairs: Readonly<Record<string, Pair>> = {
  swiglu: {
    numbers: both.size / 2,
    fused: () => callTensor('laurel::swiglu', both),
    composed: () => {
      const [gate, up] = halves(both);
      return gate.silu().mul(up);
    },
  },
  seeded_dropout: {
    numbers: x.size,
    fused: () => callTensor('laurel::seeded_dropout', x, 0.3, 77),
    composed: () => callTensor('aten::dropout', x, 0.3, true),
  },
  rms_norm: {
    numbers: x.size,
    fused: () => rmsNorm(x, weight, 1e-6),
    composed: () => composedRmsNorm(x, weight, 1e-6),
  },
  top_k_rows: {
    numbers: both.size,
    fused: () => callTensors('laurel::top_k_rows', both, 50),
    composed: () => callTensors('aten::topk', both, 50),
  },
};

function milliseconds(work: () => unknown): number {
  const startedAt = performance.now();
  noGrad(() => tidy(() => void work()));
  return performance.now() - startedAt;
}

const median = (numbers: readonly number[]): number =>
  [...numbers].sort((a, b) => a - b)[Math.floor(numbers.length / 2)]!;

function measure({ numbers, fused, composed }: Pair): string[] {
  for (const work of [fused, composed, fused, composed]) milliseconds(work);
  const rounds = Array.from({ length: Number(values.rounds) }, () => ({
    fused: milliseconds(fused),
    composed: milliseconds(composed),
  }));
  const ratios = rounds.map((round) => round.composed / round.fused);
  const each = (side: 'fused' | 'composed') =>
    ((1e6 * median(rounds.map((round) => round[side]))) / numbers).toFixed(2);
  const range = `${Math.min(...ratios).toFixed(1)}–${Math.max(...ratios).toFixed(1)}`;
  return [each('fused'), each('composed'), `${median(ratios).toFixed(1)} (${range})`];
}

setThreadCount(Number(values.threads));
const rows = Object.entries(pairs).map(([name, pair]) => [name, ...measure(pair)]);
const { torch, fusedMultiplyAdd } = describeSystem();
console.log(
  [
    `libtorch ${torch}, ${values.threads} threads, ${fusedMultiplyAdd ? 'kernels for AVX2 or AVX-512' : 'plain kernels'}; ns per number, medians of ${values.rounds} rounds`,
    table(['operator', 'fused', 'composed', 'times as fast (range)'], rows),
  ].join('\n'),
);
