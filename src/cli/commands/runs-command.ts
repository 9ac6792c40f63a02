import { nearestName } from '../../config/index.ts';
import { ConfigError } from '../../errors.ts';
import type { Command } from '../command.ts';
import { noteVerb, renameVerb, tagVerb } from './runs/annotate.ts';
import { compareVerb } from './runs/compare.ts';
import { deleteVerb } from './runs/delete.ts';
import { exportVerb } from './runs/export.ts';
import { listVerb } from './runs/list.ts';
import { repairVerb } from './runs/repair.ts';
import { showVerb } from './runs/show.ts';
import type { Verb } from './runs/verb.ts';

const verbs: Readonly<Record<string, Verb>> = {
  list: listVerb,
  show: showVerb,
  compare: compareVerb,
  tag: tagVerb,
  note: noteVerb,
  rename: renameVerb,
  delete: deleteVerb,
  export: exportVerb,
  repair: repairVerb,
};

function help(): string {
  const lines = Object.values(verbs).map(({ usage, summary }) => `${usage.padEnd(34)}${summary}`);
  return [
    ...lines,
    '',
    'RUN is a name, a folder below the root, or a number. --root FOLDER names the folder that holds the runs',
    '(default: runs); laurel runs VERB --help shows the options of a verb.',
    '',
  ].join('\n');
}

/** `laurel runs` */
export const runsCommand: Command = {
  async run(argv) {
    const [word, ...rest] = argv;
    if (word === '--help' || word === '-h') {
      process.stdout.write(help());
      return 0;
    }
    // Options alone are those of the list.
    if (word === undefined || word.startsWith('-')) return listVerb.run(argv);
    const verb = Object.hasOwn(verbs, word) ? verbs[word] : undefined;
    if (verb !== undefined) return verb.run(rest);
    const nearest = nearestName(word, Object.keys(verbs));
    const meant = nearest === undefined ? '' : ` Did you mean ${nearest}?`;
    throw new ConfigError(`laurel runs has no verb ${JSON.stringify(word)}.${meant}\n${help()}`);
  },
};
