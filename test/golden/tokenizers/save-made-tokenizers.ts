/** Saves the tokenizers made in code, for make_golden.py to read: `npx jiti save-made-tokenizers.ts FOLDER`. */
import { join } from 'node:path';
import { madeTokenizers } from './made-tokenizers.ts';

const folder = process.argv[2];
if (folder === undefined) throw new Error('usage: npx jiti save-made-tokenizers.ts FOLDER');
for (const [name, tokenizer] of Object.entries(madeTokenizers)) tokenizer.save(join(folder, name));
