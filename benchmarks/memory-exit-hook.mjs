// Loaded into a command by `--import`: writes the process's most resident memory to the file MEMORY_RESULT names.
import { readFileSync, writeFileSync } from 'node:fs';

process.on('exit', () => {
  const status = readFileSync('/proc/self/status', 'utf8');
  const peak = Number(/VmHWM:\s+(\d+) kB/.exec(status)[1]) * 1024;
  writeFileSync(process.env['MEMORY_RESULT'], JSON.stringify({ peak }));
});
