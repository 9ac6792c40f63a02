import { cpSync, existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';

/** Copies what was recorded of the papers beside the compiled code, which reads it there; a package has no `src/`. */
export function copyResults(root, dist) {
  const papers = join(root, 'src', 'papers');
  for (const name of existsSync(papers) ? readdirSync(papers) : []) {
    const results = join(papers, name, 'results');
    if (existsSync(results))
      cpSync(results, join(dist, 'papers', name, 'results'), { recursive: true });
  }
}
