export { type PolicyGradientTraining, trainPolicyGradient } from './policy-gradient-trainer.ts';
export type { SupervisedExample } from './supervised-sequences.ts';
export { type SupervisedTraining, trainSupervised } from './supervised-trainer.ts';
export type { OnTrainerEvent, TrainerEvent, TrainerHooks, TrainResult } from './trainer-events.ts';
