// `npm run bench`: speed; `npm run bench -- --memory`: memory.
await import(process.argv.includes('--memory') ? './memory.ts' : './bench.ts');
