// The process in which one cell is computed. Started by cell-process.ts, from source or from dist.
import { fingerprint } from '../../trainers/fingerprint.ts';
import { laurelVersion } from '../../version.ts';
import { loadReproduction } from '../reproductions.ts';
import type { Json } from './cell.ts';
import type { CellAnswer, CellRequest } from './cell-protocol.ts';

const send = (answer: CellAnswer): Promise<void> =>
  new Promise((resolve) => process.send?.(answer, () => resolve()));

async function compute(request: CellRequest): Promise<Json> {
  const { paper, cell, folder, neededFolders, data } = request;
  const reproduction = await loadReproduction(paper);
  return reproduction.compute(cell, {
    folder,
    neededFolders: new Map(neededFolders),
    data,
    signal: new AbortController().signal,
    report: (text) => void send({ type: 'progress', text }),
  });
}

async function answer(request: CellRequest): Promise<void> {
  try {
    const result = await compute(request);
    const outcome = { result, laurelVersion: laurelVersion(), fingerprint: fingerprint('cpu') };
    await send({ type: 'done', outcome });
  } catch (error) {
    await send({ type: 'failed', message: error instanceof Error ? error.message : String(error) });
  }
  process.exit(0);
}

process.once('message', (request) => void answer(request as CellRequest));
// Without a parent there is nobody to compute for.
process.once('disconnect', () => process.exit(1));
// Ctrl-C reaches the whole group of processes; what to do about it is the parent's to say.
process.on('SIGINT', () => {});
