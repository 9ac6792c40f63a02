// What one operator on four elements costs from JavaScript: processor time per call inside `tidy`, beside the
// Python PyTorch named by PYTHON, if any; one thread each. `npm run build && npx jiti benchmarks/tiny-operator.ts`:
// it measures what users import, dist/, and not what jiti makes of src/.
import { spawnSync } from 'node:child_process';
import type { Tensor } from '../src/tensor/index.ts';

const built = new URL('../dist/tensor/index.js', import.meta.url).href;
const { setThreadCount, tensor, tidy } = (await import(
  built
)) as typeof import('../src/tensor/index.ts');

const CALLS = 20_000;
const CALLS_PER_SCOPE = 100;
const ROUNDS = 15;
const BAR_MICROSECONDS = 4;

setThreadCount(1);
const x = tensor([1, 2, 3, 4]);
const y = tensor([4, 3, 2, 1]);

const operators: Record<string, () => Tensor> = {
  'x.add(y)': () => x.add(y),
  'x.neg()': () => x.neg(),
  'x.mul(2)': () => x.mul(2),
  'x.sum(0)': () => x.sum(0),
  'x.view([2, 2])': () => x.view([2, 2]),
  'x.mul_(y)': () => x.mul_(y),
};

function scope(operator: () => Tensor): void {
  tidy(() => {
    for (let call = 0; call < CALLS_PER_SCOPE; call++) operator();
  });
}

/** Microseconds of processor time per call. */
function measure(operator: () => Tensor): number {
  const before = process.cpuUsage();
  for (let call = 0; call < CALLS; call += CALLS_PER_SCOPE) scope(operator);
  const { user, system } = process.cpuUsage(before);
  return (user + system) / CALLS;
}

function summarize(times: readonly number[]): string {
  const sorted = [...times].sort((a, b) => a - b);
  const at = (share: number) => (sorted[Math.floor(share * (sorted.length - 1))] ?? NaN).toFixed(2);
  return `median ${at(0.5)}  least ${at(0)}  most ${at(1)}`;
}

const python = `
import time, torch
torch.set_num_threads(1)
x, y = torch.tensor([1., 2, 3, 4]), torch.tensor([4., 3, 2, 1])
operators = {'x.add(y)': lambda: x.add(y), 'x.neg()': lambda: x.neg(), 'x.mul(2)': lambda: x.mul(2),
             'x.sum(0)': lambda: x.sum(0), 'x.view([2, 2])': lambda: x.view([2, 2]), 'x.mul_(y)': lambda: x.mul_(y)}
for name, operator in operators.items():
    times = []
    for _ in range(${ROUNDS} + 1):
        start = time.process_time()
        for _ in range(${CALLS}): operator()
        times.append((time.process_time() - start) / ${CALLS} * 1e6)
    print(name, *times[1:], sep='\\t')
`;

/** Each operator's times in Python's PyTorch; empty when PYTHON is not set. */
function measurePython(program: string | undefined): Map<string, number[]> {
  if (program === undefined) return new Map();
  const { status, stdout, stderr } = spawnSync(program, ['-c', python], { encoding: 'utf8' });
  if (status !== 0) throw new Error(`${program} failed: ${stderr}`);
  const rows = stdout
    .trim()
    .split('\n')
    .map((line) => line.split('\t'));
  return new Map(rows.map(([name = '', ...times]) => [name, times.map(Number)]));
}

const theirs = measurePython(process.env['PYTHON']);
console.log(`microseconds per call, ${ROUNDS} rounds of ${CALLS}; the bar is ${BAR_MICROSECONDS}`);
for (const [name, operator] of Object.entries(operators)) {
  measure(operator);
  const ours = Array.from({ length: ROUNDS }, () => measure(operator));
  console.log(name.padEnd(16), 'Laurel ', summarize(ours));
  const python = theirs.get(name);
  if (python !== undefined) console.log(''.padEnd(16), 'Python ', summarize(python));
}
