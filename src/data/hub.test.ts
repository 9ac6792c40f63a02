import {
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type HubServer, startHubServer } from '../../test/support/hub-server.ts';
import { ConfigError, DataError } from '../errors.ts';
import { downloadModel, type Environment, loadDataset } from './index.ts';

const parquet = readFileSync(new URL('../../test/golden/data/zstd.parquet', import.meta.url));
const sha = 'a'.repeat(40);
const weights = Buffer.alloc(300_000, 'weights ');
const jsonl = (...rows: object[]) => `${rows.map((row) => JSON.stringify(row)).join('\n')}\n`;

const repos = {
  'datasets/openai/gsm8k': {
    sha,
    files: {
      'README.md': '# Problems',
      'main/train-00000-of-00001.parquet': parquet,
      'main/test-00000-of-00001.parquet': parquet,
      'socratic/train-00000-of-00001.parquet': parquet,
    },
    large: ['main/train-00000-of-00001.parquet'],
  },
  'datasets/plain': { sha, files: { 'train.jsonl': jsonl({ a: 1 }, { a: 2 }), 'empty.csv': '' } },
  'datasets/secret/words': { sha, files: { 'train.jsonl': jsonl({ a: 3 }) }, token: 'hf_right' },
  'models/tiny/model': {
    sha,
    files: {
      'config.json': '{}',
      'model.safetensors': weights,
      'tokenizer.json': '{}',
      'pytorch_model.bin': 'old weights',
      'original/consolidated.safetensors': 'other weights',
      'consolidated.safetensors': 'other weights',
      'README.md': '',
    },
    large: ['model.safetensors', 'pytorch_model.bin'],
  },
  'models/tiny/old': { sha, files: { 'config.json': '{}', 'pytorch_model.bin': 'old weights' } },
};

let server: HubServer;
let environment: Environment;
let cache: string;

beforeAll(async () => {
  server = await startHubServer(repos);
});
afterAll(() => server.close());
beforeEach(() => {
  cache = mkdtempSync(join(tmpdir(), 'laurel-hub-'));
  environment = { HF_ENDPOINT: server.url, HF_HUB_CACHE: cache, HF_HOME: join(cache, 'home') };
  server.requests.length = 0;
  server.breakOff(0, 0);
  server.corrupt(false);
});

const fetched = () => server.requests.filter(({ path }) => path.includes('/resolve/'));

describe('loadDataset by a name on the Hub', () => {
  it('fetches the split that is asked for and nothing else', async () => {
    const dataset = await loadDataset('openai/gsm8k', { config: 'main', environment });
    expect(dataset.rows).toHaveLength(10);
    expect(dataset.rows[3]?.columns).toMatchObject({ answer: 6 });
    const paths = fetched().map(({ path }) => path.slice(path.lastIndexOf('/')));
    expect(new Set(paths)).toEqual(new Set(['/train-00000-of-00001.parquet']));
  });

  it("keeps files in Hugging Face's layout: blobs by hash, linked from the commit's snapshot", async () => {
    await loadDataset('openai/gsm8k', { config: 'main', environment });
    const storage = join(cache, 'datasets--openai--gsm8k');
    expect(readFileSync(join(storage, 'refs', 'main'), 'utf8')).toBe(sha);
    const pointer = join(storage, 'snapshots', sha, 'main', 'train-00000-of-00001.parquet');
    // sha256sum of the Parquet file is its blob's name
    const [blob] = readdirSync(join(storage, 'blobs'));
    expect(blob).toMatch(/^[0-9a-f]{64}$/);
    expect(realpathSync(pointer)).toBe(realpathSync(join(storage, 'blobs', blob!)));
  });

  it('does not fetch again what the cache has', async () => {
    await loadDataset('plain', { environment });
    expect(fetched().length).toBeGreaterThan(0);
    server.requests.length = 0;
    expect((await loadDataset('plain', { environment })).rows).toHaveLength(2);
    expect(fetched()).toEqual([]);
  });

  it('works offline from the cache, asking nothing', async () => {
    await loadDataset('plain', { environment });
    server.requests.length = 0;
    const offline = { ...environment, HF_HUB_OFFLINE: '1' };
    expect((await loadDataset('plain', { environment: offline })).rows).toHaveLength(2);
    expect((await loadDataset('plain', { revision: sha, environment: offline })).rows).toHaveLength(
      2,
    );
    expect(server.requests).toEqual([]);
  });

  it('says so when it is offline and has nothing', async () => {
    const offline = { ...environment, HF_HUB_OFFLINE: 'true', LAUREL_DATA: '/nowhere' };
    await expect(loadDataset('openai/gsm8k', { environment: offline })).rejects.toThrow(
      /openai\/gsm8k.*not in the cache.*HF_HUB_OFFLINE.*\/nowhere\/openai\/gsm8k, \/nowhere\/gsm8k/,
    );
  });

  it('falls back on the cache, with a warning, when the Hub cannot be reached', async () => {
    await loadDataset('plain', { environment });
    const warnings: string[] = [];
    const listener = (warning: Error) => warnings.push(warning.message);
    process.on('warning', listener);
    const unreachable = { ...environment, HF_ENDPOINT: 'http://127.0.0.1:9' };
    expect((await loadDataset('plain', { environment: unreachable })).rows).toHaveLength(2);
    await new Promise((resolve) => setImmediate(resolve));
    process.off('warning', listener);
    expect(warnings).toEqual(['http://127.0.0.1:9 cannot be reached; using plain as cached']);
    await expect(loadDataset('other', { environment: unreachable })).rejects.toThrow(
      'http://127.0.0.1:9 cannot be reached',
    );
  });
});

describe('a Hub dataset that cannot be had', () => {
  it('names the configurations where there are several', async () => {
    await expect(loadDataset('openai/gsm8k', { environment })).rejects.toThrow(
      /several configurations have a split "train": main, socratic/,
    );
  });

  it('says that a name or a revision does not exist, and where else it looked', async () => {
    await expect(loadDataset('no/such', { environment })).rejects.toThrow(DataError);
    await expect(loadDataset('no/such', { environment })).rejects.toThrow(
      /does not have dataset no\/such \(revision main\).*LAUREL_DATA is not set/,
    );
    await expect(loadDataset('plain', { revision: 'v9', environment })).rejects.toThrow(
      'revision v9',
    );
  });

  it('reads a gated dataset with a token, and asks for one without', async () => {
    const load = (HF_TOKEN?: string) =>
      loadDataset('secret/words', { environment: { ...environment, HF_TOKEN } });
    await expect(load()).rejects.toThrow(ConfigError);
    await expect(load()).rejects.toThrow('set HF_TOKEN');
    await expect(load('hf_wrong')).rejects.toThrow('the token in use may not read it');
    await expect(load('not-a-token')).rejects.toThrow('must start with "hf_"');
    expect((await load('hf_right')).rows[0]?.columns).toEqual({ a: 3 });
  });

  it('finds the token that logging in left behind', async () => {
    const home = mkdtempSync(join(tmpdir(), 'laurel-home-'));
    writeFileSync(join(home, 'token'), 'hf_right\n');
    const loggedIn = { ...environment, HF_HOME: home };
    expect((await loadDataset('secret/words', { environment: loggedIn })).rows).toHaveLength(1);
  });
});

describe('downloadModel', () => {
  it('fetches configuration, weights and tokenizer, and leaves other files', async () => {
    const seen: string[] = [];
    const folder = await downloadModel('tiny/model', {
      environment,
      onDownload: ({ path, sizeBytes }) => seen.push(`${path} ${sizeBytes}`),
    });
    expect(readdirSync(folder).sort()).toEqual([
      'config.json',
      'model.safetensors',
      'tokenizer.json',
    ]);
    expect(readFileSync(join(folder, 'model.safetensors')).equals(weights)).toBe(true);
    expect(seen).toEqual(['config.json 2', 'model.safetensors 300000', 'tokenizer.json 2']);
  });

  it('does not show its token to the server that large files come from', async () => {
    await downloadModel('tiny/model', { environment: { ...environment, HF_TOKEN: 'hf_mine' } });
    const byOrigin = (isContent: boolean) =>
      server.requests.filter(({ path }) => path.startsWith('/%7C') === isContent);
    expect(new Set(byOrigin(false).map(({ token }) => token))).toEqual(new Set(['hf_mine']));
    expect(new Set(byOrigin(true).map(({ token }) => token))).toEqual(new Set([undefined]));
  });

  it('goes on where a broken connection stopped', async () => {
    server.breakOff(2, 100_000);
    const folder = await downloadModel('tiny/model', { environment });
    expect(readFileSync(join(folder, 'model.safetensors')).equals(weights)).toBe(true);
    const ranges = server.requests.map(({ range }) => range).filter((r) => r && r !== 'bytes=0-0');
    expect(ranges.length).toBeGreaterThan(0);
  });

  it('gives up after four broken connections and leaves no half file', async () => {
    server.breakOff(99, 1000);
    await expect(downloadModel('tiny/model', { environment })).rejects.toThrow();
    const blobs = readdirSync(join(cache, 'models--tiny--model', 'blobs'));
    expect(blobs.filter((name) => name.includes('incomplete'))).toEqual([]);
    expect(existsSync(join(cache, 'models--tiny--model', 'refs', 'main'))).toBe(false);
  });

  it('refuses bytes that do not have the listed hash', async () => {
    server.corrupt(true);
    await expect(downloadModel('tiny/model', { environment })).rejects.toThrow(
      "download of model.safetensors does not match the Hub's hash",
    );
  });

  it('asks for safetensors weights', async () => {
    await expect(downloadModel('tiny/old', { environment })).rejects.toThrow(
      'expected config.json and .safetensors weights, found config.json, pytorch_model.bin',
    );
  });

  it('returns a local folder as it is and names one that is absent', async () => {
    expect(await downloadModel(cache, { environment })).toBe(cache);
    await expect(downloadModel('./no/such', { environment })).rejects.toThrow(
      'no such model folder',
    );
  });
});
