import { capo } from './capo/paper.ts';
import { epo } from './epo/paper.ts';
import { grace } from './grace/paper.ts';
import { gream } from './gream/paper.ts';
import { likelihood } from './likelihood/paper.ts';
import { molR1 } from './mol-r1/paper.ts';
import type { Paper } from './paper.ts';
import { rere } from './rere/paper.ts';

/** Every paper, newest first. */
export const papers: readonly Paper[] = [gream, rere, grace, capo, molR1, epo, likelihood];
