import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';

const main = new URL('../dist/index.js', import.meta.url).href;
const cli = new URL('../dist/cli/main.js', import.meta.url).href;

/** Whether the addon is loaded after each of these statements, in a process of their own. */
async function loadedAfter(...statements: string[]): Promise<boolean[]> {
  const isLoaded = `process.report.getReport().sharedObjects.some((path) => path.endsWith('laurel.node'))`;
  const script = statements.map((each) => `${each}; found.push(${isLoaded});`).join('\n');
  const words = [
    '--input-type=module',
    '-e',
    `const found = [];\n${script}\nconsole.log(JSON.stringify(found));`,
  ];
  const { stdout } = await promisify(execFile)(process.execPath, words);
  return JSON.parse(stdout.trim().split('\n').at(-1)!);
}

test('libtorch is loaded when a tensor is made, not when the library or the command line is imported', async () => {
  const loaded = await loadedAfter(
    `const { ones } = await import('${main.replace('index.js', 'tensor/index.js')}'); await import('${main}')`,
    `await import('${cli}')`,
    'ones([1])',
  );
  expect(loaded).toEqual([false, false, true]);
});
