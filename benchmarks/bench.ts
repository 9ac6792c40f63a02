// This engine beside what people use now: one machine, one run, by turns. Run with `npm run bench`.
//   --only step,sample-8      some rows of the table (benchmarks/rows.ts)
//   --pairs 7                 pairs of each row
//   --no-record               print, write nothing
// - LAUREL_BENCH_PYTHON: interpreters to try, joined by colons (python3 and /usr/bin/python3 unless given).
// - LAUREL_BENCH_BUILDS: folders with further builds of the addon (LAUREL_BUILD_DIR of `npm run setup`).
// - LAUREL_BENCH_THREADS: thread counts to try, joined by colons (1 and one for each core unless given).
import { parseArgs } from 'node:util';
import { stopChildren } from './children.ts';
import { compare } from './compare.ts';
import { record, report, revision } from './results.ts';
import { chooseRows, tableRows } from './rows.ts';
import { markdownTable, meetsBars, type Result } from './table.ts';

const { values } = parseArgs({
  options: {
    only: { type: 'string' },
    pairs: { type: 'string', default: '7' },
    'no-record': { type: 'boolean', default: false },
  },
});
const options = { pairs: Number(values.pairs), revision: revision() };
const names = tableRows.map(({ name }) => name);

const results: Result[] = [];
try {
  for (const row of chooseRows(values.only)) {
    const fresh = await compare(row, options);
    console.log(markdownTable(fresh).split('\n').slice(2).join('\n'));
    for (const { notes } of fresh) for (const note of notes) console.log(`  ${note}`);
    results.push(...fresh);
    // Each row is kept as soon as it is known.
    if (!values['no-record']) console.log(`  written to ${record(fresh, names)}`);
  }
} finally {
  await stopChildren();
}
console.log(`\n${report(results)}`);
if (results.some((result) => meetsBars(result) === false)) process.exitCode = 1;
