/**
 * Pages of a step's groups. A file is read whole once to learn where its groups lie, and once for each new filter; pages are
 * then read by place. Both are kept while the file stays as it is.
 */
import { type CompletionKind, completionSteps, completionsFile } from '../../runs/index.ts';
import type { CompletionsResponse, GroupView, PromptHistory } from '../api.ts';
import { HttpProblem } from '../http-problem.ts';
import { Recent } from '../recent.ts';
import { type CompletionFilter, matchingCompletions } from './completion-filter.ts';
import { type GroupPlace, readGroups, scanGroups } from './group-index.ts';
import { groupView } from './group-view.ts';
import { findRunFile, type RunFile } from './run-file.ts';
import type { TokenLibrary } from './token-library.ts';

export interface PageRequest {
  readonly folder: string;
  readonly step: number;
  readonly kind: CompletionKind;
  readonly filter: CompletionFilter;
  readonly offset: number;
  readonly limit: number;
}

/** A group of which something passes a filter. */
interface Match {
  readonly place: GroupPlace;
  readonly shown: readonly number[];
}

interface Matches {
  readonly matches: readonly Match[];
  readonly rewardNames: readonly string[];
}

/** Of one prompt's history: more than anybody steps through. */
const MOST_STEPS = 300;

const NO_TOKENS: ReadonlySet<number> = new Set();

export class CompletionLibrary {
  readonly #tokens: TokenLibrary;
  readonly #places = new Recent<Promise<readonly GroupPlace[]>>(2000);
  readonly #matches = new Recent<Promise<Matches>>(50);

  constructor(tokens: TokenLibrary) {
    this.#tokens = tokens;
  }

  /** @throws HttpProblem where the step has no completions. */
  async page(request: PageRequest): Promise<CompletionsResponse> {
    const { folder, step, kind, filter, offset, limit } = request;
    const file = await findRunFile(folder, ...completionsFile(step, kind));
    if (file === undefined) throw noCompletions(step, kind);
    const { matches, rewardNames } = await this.#find(file, filter);
    const withTokens = kind === 'train' ? await this.#tokens.placesOf(folder, step) : NO_TOKENS;
    return {
      step,
      groups: await viewsOf(file, matches.slice(offset, offset + limit), withTokens),
      total: matches.length,
      completions: matches.reduce((sum, { shown }) => sum + shown.length, 0),
      rewardNames,
    };
  }

  /** The groups of one row of the dataset, oldest step first; of very many the last. */
  async history(folder: string, example: number, kind: CompletionKind): Promise<PromptHistory> {
    const found: { step: number; file: RunFile; own: readonly GroupPlace[] }[] = [];
    for (const step of completionSteps(folder, kind)) {
      const file = await findRunFile(folder, ...completionsFile(step, kind));
      const places = file === undefined ? [] : await this.#placesOf(file);
      const own = places.filter((place) => place.example === example);
      if (file !== undefined && own.length > 0) found.push({ step, file, own });
    }
    const groups: GroupView[] = [];
    for (const { step, file, own } of found.slice(-MOST_STEPS)) {
      const withTokens = kind === 'train' ? await this.#tokens.placesOf(folder, step) : NO_TOKENS;
      groups.push(...(await viewsOf(file, own.map(whole), withTokens)));
    }
    return { example, kind, groups, steps: found.length };
  }

  #placesOf(file: RunFile): Promise<readonly GroupPlace[]> {
    return Recent.settled(this.#places, file.version, async () => {
      const places: GroupPlace[] = [];
      await scanGroups(file, (_, place) => places.push(place));
      return places;
    });
  }

  #find(file: RunFile, filter: CompletionFilter): Promise<Matches> {
    const key = `${file.version} ${JSON.stringify(filter)}`;
    return Recent.settled(this.#matches, key, async () => {
      const matches: Match[] = [];
      const rewardNames = new Set<string>();
      await scanGroups(file, (group, place) => {
        const shown = matchingCompletions(group, filter);
        if (shown.length > 0) matches.push({ place, shown });
        for (const { rewards } of group.completions)
          for (const name of Object.keys(rewards)) rewardNames.add(name);
      });
      return { matches, rewardNames: [...rewardNames] };
    });
  }
}

/** Every completion of a group, however many it has. */
const whole = (place: GroupPlace): Match => ({
  place,
  shown: Array.from({ length: place.size }, (_, at) => at),
});

async function viewsOf(
  file: RunFile,
  matches: readonly Match[],
  withTokens: ReadonlySet<number>,
): Promise<GroupView[]> {
  const groups = await readGroups(
    file,
    matches.map(({ place }) => place),
  );
  return groups.map((group, at) => groupView(group, { ...matches[at]!, withTokens }));
}

const noCompletions = (step: number, kind: CompletionKind): HttpProblem =>
  new HttpProblem(
    404,
    `step ${step} has no ${kind === 'eval' ? 'evaluation ' : ''}completions; /api/runs/ID/completions lists the steps that have`,
  );
