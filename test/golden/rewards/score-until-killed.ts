// Scores one completion with a module that loops for ever; module-reward-isolation.test.ts kills this process meanwhile.
import { groupOfTexts } from '../../../src/rewards/group-of-texts.ts';
import { moduleReward } from '../../../src/rewards/module-reward.ts';
import { scoreGroups } from '../../../src/rewards/score-groups.ts';

const [file = ''] = process.argv.slice(2);
const reward = await moduleReward('./module-rewards.ts#obedient', {
  baseDirectory: import.meta.dirname,
});
await scoreGroups([groupOfTexts(['hang with its pid'], { file })], reward, { timeoutMs: 600_000 });
