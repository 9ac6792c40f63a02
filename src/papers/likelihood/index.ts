export {
  type LikelihoodTurnOptions,
  type LikelihoodTurnState,
  likelihoodTurns,
} from './likelihood-turns.ts';
export { newWatch, smooth, type TurnOptions, type TurnWatch, watchTurn } from './turn-watch.ts';
