import type { TrainMethod } from './train-method.ts';

/** A method by name. It is loaded when it trains. */
export interface MethodEntry {
  readonly summary: string;
  readonly load: () => Promise<TrainMethod>;
}

/** What `--method` may say, the first unless given. */
export const trainMethods: Readonly<Record<string, MethodEntry>> = {
  supervised: {
    summary: 'a language model learns what users took next',
    load: async () => (await import('./supervised-method.ts')).supervisedMethod,
  },
  rere: {
    summary: 'a language model is rewarded for what users took next, from groups of likely items',
    load: async () => (await import('./rere-method.ts')).rereMethod,
  },
  sdpo: {
    summary: 'a language model prefers what users took to several random items at once',
    load: async () => (await import('./sdpo-method.ts')).sdpoMethod,
  },
  sasrec: {
    summary: 'self-attention over item histories',
    load: async () => (await import('./sasrec-method.ts')).sasrecMethod,
  },
  popularity: {
    summary: 'what most users took, the same for everybody',
    load: async () => (await import('./popularity-method.ts')).popularityMethod,
  },
};
