// A 0.5-billion-parameter Qwen2 in bfloat16 beside PyTorch on a GPU: training step and sampling.
//   npm run bench -- --gpu                              on CUDA
//   npm run bench -- --gpu --device cpu --size tiny     the same program at a size that any machine runs in seconds
// Further flags are those of benchmarks/bench.ts. LAUREL_BENCH_PYTHON names the interpreter with PyTorch 2.
import { parseArgs } from 'node:util';
import { stopChildren } from '../children.ts';
import { compare } from '../compare.ts';
import { record, report, revision } from '../results.ts';
import { chooseRows } from '../rows.ts';
import { useDevice } from '../settings.ts';
import { markdownTable, type Result } from '../table.ts';
import { deviceRows } from './rows.ts';

const { values } = parseArgs({
  options: {
    gpu: { type: 'boolean' },
    device: { type: 'string', default: 'cuda' },
    size: { type: 'string', default: 'qwen2-0.5b' },
    only: { type: 'string' },
    pairs: { type: 'string', default: '5' },
    'no-record': { type: 'boolean', default: false },
  },
});
useDevice(values.device, values.size);
const options = { pairs: Number(values.pairs), revision: revision() };
const rows = deviceRows(values.size);
const names = rows.map(({ name }) => name);
const results: Result[] = [];
try {
  for (const row of chooseRows(values.only, rows)) {
    const fresh = await compare(row, options);
    console.log(markdownTable(fresh).split('\n').slice(2).join('\n'));
    results.push(...fresh);
    if (!values['no-record']) console.log(`  written to ${record(fresh, names, values.device)}`);
  }
} finally {
  await stopChildren();
}
console.log(`\n${report(results)}`);
