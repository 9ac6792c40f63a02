import { readFileSync } from 'node:fs';
import { CheckpointError } from '../errors.ts';
import { replaceFile } from '../tensor/index.ts';

/** An object of a JSON file. */
export type Json = Readonly<Record<string, unknown>>;

/** Reads an object from a file of a model folder. @throws CheckpointError when it is missing or malformed. */
export function readJson(file: string): Json {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    throw new CheckpointError(
      `${file}: cannot be read (${code}); is this a Hugging Face model folder?`,
      { cause },
    );
  }
  try {
    const json: unknown = JSON.parse(text);
    if (json !== null && typeof json === 'object' && !Array.isArray(json)) return json as Json;
  } catch (cause) {
    throw new CheckpointError(`${file}: not JSON: ${(cause as Error).message}`, { cause });
  }
  throw new CheckpointError(`${file}: expected a JSON object`);
}

/** Writes an object, replacing the file as a whole. */
export const writeJson = (file: string, json: Json): void =>
  replaceFile(file, (put) => put(Buffer.from(`${JSON.stringify(json, null, 2)}\n`)));
