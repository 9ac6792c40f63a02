import { z } from 'zod';
import { configGroup, defineConfig, nearestName, resolveConfig } from '../../config/index.ts';
import { ConfigError } from '../../errors.ts';
import { type PaperReport, papers, reportPapers, searchPapers } from '../../papers/index.ts';
import { type Command, helpFlag } from '../command.ts';
import { parseFlags, renderHelp } from '../options/index.ts';
import { renderPaper, renderPaperList } from '../render-papers.ts';

/** What `laurel papers` reads. */
export const papersConfig = defineConfig({
  name: 'papers',
  summary: 'List the papers, how far each is reproduced, and the command that runs it.',
  groups: {
    output: configGroup('Output', {
      json: z.boolean().default(false).describe('Print JSON, results included.'),
    }),
  },
});

/** `laurel papers` */
export const papersCommand: Command = {
  async run(argv) {
    const flags = parseFlags(argv, papersConfig, [helpFlag]);
    if (flags.command['help']) {
      const usage = 'laurel papers [NAME | WORD …] [--json]';
      process.stdout.write(renderHelp(papersConfig, { commandFlags: [helpFlag], usage }));
      return 0;
    }
    const { json } = resolveConfig(papersConfig, { flags: flags.options });
    const [first, ...more] = flags.positionals;
    const reports = reportPapers();
    const named = more.length === 0 ? reports.find(({ name }) => name === first) : undefined;
    if (named !== undefined) print(named, json, renderPaper);
    else print(find(reports, flags.positionals.join(' ')), json, renderPaperList);
    return 0;
  },
};

function print<Shown>(shown: Shown, json: boolean, render: (shown: Shown) => string): void {
  process.stdout.write(json ? `${JSON.stringify(shown, null, 2)}\n` : render(shown));
}

function find(reports: readonly PaperReport[], query: string): PaperReport[] {
  const found = searchPapers(reports, query);
  if (found.length > 0) return found;
  const names = papers.map(({ name }) => name);
  const nearest = nearestName(query, names);
  const hint = nearest === undefined ? `it has ${names.join(', ')}` : `did you mean ${nearest}?`;
  throw new ConfigError(`no paper matches ${JSON.stringify(query)}; ${hint}`);
}
