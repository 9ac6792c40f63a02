import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { replaceFile } from '../../checkpoints/durable-files.ts';
import { DataError } from '../../errors.ts';
import type { RunAnnotations } from './stored-run.ts';

const annotationsName = 'annotations.json';

const schema = z.object({
  name: z.string().optional(),
  notes: z.string().optional(),
  tags: z.array(z.string()).optional(),
});

/**
 * What people wrote on a run, from its folder; empty where they did not.
 * @throws DataError where the file is not what it should be.
 */
export function readAnnotations(folder: string): RunAnnotations {
  const file = join(folder, annotationsName);
  if (!existsSync(file)) return {};
  try {
    const { name, notes, tags } = schema.parse(JSON.parse(readFileSync(file, 'utf8')));
    return {
      ...(name !== undefined && { name }),
      ...(notes !== undefined && { notes }),
      ...(tags !== undefined && { tags }),
    };
  } catch (cause) {
    throw new DataError(
      'holds no annotations (an object with name, notes and tags); mend or delete it',
      {
        file,
        cause,
      },
    );
  }
}

/** Adds to what people wrote on a run. */
export function writeAnnotations(folder: string, annotations: RunAnnotations): void {
  const merged = { ...readAnnotations(folder), ...annotations };
  replaceFile(join(folder, annotationsName), `${JSON.stringify(merged, null, 2)}\n`);
}
