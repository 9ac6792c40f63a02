import { z } from 'zod';
import { configGroup } from '../../../config/index.ts';
import { changing, verb, verbConfig } from './verb.ts';

const tagConfig = verbConfig('tag', 'Add tags to a run, or take them off.', {
  tags: configGroup('Tags', {
    remove: z.boolean().default(false).describe('Take the tags off.'),
  }),
});

/** `laurel runs tag` */
export const tagVerb = verb({
  config: tagConfig,
  usage: 'tag RUN TAG …',
  words: [2, 50],
  run: ({ root, remove }, [name, ...words]) =>
    changing(root, (store) => {
      const { id, tags: before } = store.get(name!);
      const tags = remove
        ? before.filter((tag) => !words.includes(tag))
        : [...new Set([...before, ...words])];
      store.annotate(id, { tags });
      return `${name}: ${store.get(id).tags.join(', ') || 'no tags'}\n`;
    }),
});

const noteConfig = verbConfig('note', 'Write a note on a run.', {
  note: configGroup('Note', {
    append: z.boolean().default(false).describe('Add it to what is there, on a new line.'),
  }),
});

/** `laurel runs note` */
export const noteVerb = verb({
  config: noteConfig,
  usage: 'note RUN TEXT',
  words: [2, 2],
  run: ({ root, append }, [name, text]) =>
    changing(root, (store) => {
      const { id, notes } = store.get(name!);
      store.annotate(id, { notes: append && notes !== '' ? `${notes}\n${text}` : text! });
      return `${name}: ${store.get(id).notes}\n`;
    }),
});

const renameConfig = verbConfig('rename', 'Give a run another name; its folder keeps its own.', {});

/** `laurel runs rename` */
export const renameVerb = verb({
  config: renameConfig,
  usage: 'rename RUN NAME',
  words: [2, 2],
  run: ({ root }, [name, newName]) =>
    changing(root, (store) => {
      const { id, folder } = store.get(name!);
      store.annotate(id, { name: newName! });
      return `${folder} is called ${newName}\n`;
    }),
});
