import { basename } from 'node:path';
import {
  readTokenIndex,
  readTokenRow,
  type TokenIndex,
  type TokenRow,
  tokenSteps,
  tokensFile,
} from '../../runs/index.ts';
import { Recent } from '../recent.ts';
import { findRunFile, type RunFile } from './run-file.ts';

/** A completion's tokens, and what stood before them. */
export interface FoundTokens {
  readonly row: TokenRow;
  readonly promptLength: number | null;
}

interface TokenFile {
  readonly file: RunFile;
  readonly index: TokenIndex;
}

/**
 * Finds tokens by completion. They are stored under the step that trained on them, which is the completion's own or, where
 * one generation serves several steps, a later one.
 */
export class TokenLibrary {
  readonly #indexes = new Recent<Promise<TokenIndex>>(200);

  /** Places of a step's completions whose tokens are stored. */
  async placesOf(folder: string, step: number): Promise<ReadonlySet<number>> {
    const places = new Set<number>();
    for await (const { file, index } of this.#filesOf(folder, step)) {
      for (const row of rowsOf(index, file, step)) places.add(placeOf(index, row));
    }
    return places;
  }

  /** The tokens of a step's completion, as first trained on; undefined where they are not stored. */
  async find(folder: string, step: number, place: number): Promise<FoundTokens | undefined> {
    for await (const { file, index } of this.#filesOf(folder, step)) {
      const row = rowsOf(index, file, step).find((each) => placeOf(index, each) === place);
      if (row === undefined) continue;
      return {
        row: await readTokenRow(file.path, index, row),
        promptLength: index.promptLengths[row] ?? null,
      };
    }
    return undefined;
  }

  /** The files from a step on, up to the first that holds completions of later steps alone. */
  async *#filesOf(folder: string, step: number): AsyncGenerator<TokenFile> {
    for (const each of tokenSteps(folder).filter((stored) => stored >= step)) {
      const file = await findRunFile(folder, ...tokensFile(each));
      if (file === undefined) continue;
      const index = await Recent.settled(this.#indexes, file.version, () =>
        readTokenIndex(file.path),
      );
      yield { file, index };
      if (Math.min(...index.completionSteps, each + 1) > step) return;
    }
  }
}

/** Early versions do not say which completions: their files are in the step's order. */
const placeOf = ({ completions }: TokenIndex, row: number): number => completions[row] ?? row;

function rowsOf({ offsets, completionSteps }: TokenIndex, file: RunFile, step: number): number[] {
  const own = Number(/\d+/.exec(basename(file.path))?.[0]);
  return offsets
    .slice(0, -1)
    .flatMap((_, row) => ((completionSteps[row] ?? own) === step ? [row] : []));
}
