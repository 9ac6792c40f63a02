// `npm run bench`: speed; with `-- --growth`: how cost grows; with `-- --memory`: memory.
const has = (flag: string) => process.argv.includes(flag);
if (has('--memory')) await import('./memory.ts');
else if (has('--growth')) await import('./growth.ts');
else await import('./bench.ts');
