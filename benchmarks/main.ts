// `npm run bench`: speed; with `-- --growth`: how cost grows; `-- --gpu`: speed on a GPU; `-- --memory`: memory; `-- --dashboard`: the
// dashboard; `-- --shared-prompts`: what an update saves by reading each prompt once; `-- --beam-search`:
// recommending; `-- --operators`: fused operators.
const has = (flag: string) => process.argv.includes(flag);
if (has('--memory')) await import('./memory.ts');
else if (has('--growth')) await import('./growth.ts');
else if (has('--gpu')) await import('./gpu/main.ts');
else if (has('--beam-search')) await import('./beam-search/main.ts');
else if (has('--token-filter')) await import('./token-filter.ts');
else if (has('--shared-prompts')) await import('./shared-prompts.ts');
else if (has('--operators')) await import('./operators.ts');
else if (has('--dashboard')) await import('./dashboard.ts');
else await import('./bench.ts');
