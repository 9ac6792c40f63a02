export { type SdpoRowOptions, sdpoRows } from './sdpo-rows.ts';
export { type SdpoTraining, sdpoDefaults, trainSdpo } from './train-sdpo.ts';
