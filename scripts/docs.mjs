// Writes docs/trainers/*.md from the schemas and the papers' table in README.md from their recorded results; tests
// check that they are up to date.
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createJiti } from 'jiti';

const root = new URL('../', import.meta.url);
const jiti = createJiti(import.meta.url);
const { renderTrainerPage } = await jiti.import(new URL('src/cli/options/index.ts', root).pathname);
const { dpoConfig, grpoConfig, rewardConfig, sftConfig } = await jiti.import(
  new URL('src/trainers/config/index.ts', root).pathname,
);

mkdirSync(new URL('docs/trainers/', root), { recursive: true });
for (const schema of [sftConfig, dpoConfig, rewardConfig, grpoConfig]) {
  const file = new URL(`docs/trainers/${schema.name}.md`, root);
  writeFileSync(file, renderTrainerPage(schema));
  console.log(`wrote docs/trainers/${schema.name}.md`);
}

const { renderPapersTable, reportPapers } = await jiti.import(
  new URL('src/papers/index.ts', root).pathname,
);
const readme = new URL('README.md', root);
const table = `<!-- papers -->\n${renderPapersTable(reportPapers())}<!-- /papers -->`;
const text = readFileSync(readme, 'utf8').replace(
  /<!-- papers -->.*<!-- \/papers -->/s,
  () => table,
);
writeFileSync(readme, text);
console.log('wrote the papers of README.md');
