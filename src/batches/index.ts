export { type PromptLayout, promptFamilies, sharesPrompts } from './families.ts';
export { KeptRecorder, keptLength, keptSet, keptTokensOf, keptViewsOf } from './kept-tokens.ts';
export { microBatches } from './micro-batches.ts';
export { packBatch, type TrainBatch } from './pack-batch.ts';
export { packTexts, type TextBatch } from './pack-texts.ts';
export { bestFitDecreasing, packed, padded, paddingShare, type RowLayout } from './row-layout.ts';
export { type CompletionOrigin, countTotals, type TrainSequence } from './train-sequence.ts';
export { wholeTexts } from './whole-texts.ts';
