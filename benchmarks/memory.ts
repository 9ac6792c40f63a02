// `npm run bench -- --memory [head] [model] [estimate]`: what the head and the loss need, what a step needs with and
// without recomputed layers, and how near dry runs come. Memory over time: benchmarks/soak.
// - Rows are recorded in results/ as they are measured. LAUREL_BENCH_CASES: names of rows to measure, joined by colons;
//   LAUREL_BENCH_VERBOSE: what each dry run says.
import { compareEstimates } from './memory-estimate.ts';
import { measureHead } from './memory-head.ts';
import { measureModel } from './memory-model.ts';

const parts = { head: measureHead, model: measureModel, estimate: compareEstimates };

const named = Object.keys(parts).filter((name) => process.argv.includes(name));
const chosen = (named.length > 0 ? named : Object.keys(parts)) as (keyof typeof parts)[];
for (const name of chosen) {
  if (!parts[name]()) process.exitCode = 1;
}
