/** A loopback server that speaks the part of the Hugging Face Hub's API that downloads use. */
import { createHash } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** A repository to serve. */
export interface ServedRepo {
  readonly sha: string;
  readonly files: Readonly<Record<string, string | Buffer>>;
  /** Paths stored as large files: listed with a SHA-256, served by redirect from another origin. */
  readonly large?: readonly string[];
  /** Only requests with this token get in. */
  readonly token?: string;
}

/** A running server and what it has been asked. */
export interface HubServer {
  readonly url: string;
  readonly requests: { path: string; range: string | undefined; token: string | undefined }[];
  /** Breaks the next `count` transfers of a large file off after this many bytes. */
  breakOff(count: number, afterBytes: number): void;
  /** Serves other bytes than listed, for large files. */
  corrupt(yes: boolean): void;
  close(): Promise<void>;
}

const PAGE = 2;
const sha256 = (content: Buffer) => createHash('sha256').update(content).digest('hex');
const gitHash = (content: Buffer) =>
  createHash('sha1').update(`blob ${content.length}\0`).update(content).digest('hex');

function sendError(response: ServerResponse, status: number, code: string): void {
  response.writeHead(status, { 'content-type': 'application/json', 'x-error-code': code });
  response.end(JSON.stringify({ error: code }));
}

function sendJson(response: ServerResponse, value: unknown, headers: object = {}): void {
  response.writeHead(200, { 'content-type': 'application/json', ...headers });
  response.end(JSON.stringify(value));
}

/** Serves content or the part of it a range asks for; `cut` breaks the connection off after that many bytes. */
function sendContent(
  request: IncomingMessage,
  response: ServerResponse,
  content: Buffer,
  cut?: number,
) {
  const range = /^bytes=(\d+)-(\d*)$/.exec(request.headers.range ?? '');
  const start = range ? Number(range[1]) : 0;
  const end = range?.[2] ? Math.min(Number(range[2]) + 1, content.length) : content.length;
  if (range && start >= content.length) {
    response.writeHead(416).end();
    return;
  }
  response.writeHead(range ? 206 : 200, {
    etag: `"${gitHash(content)}"`,
    'content-length': end - start,
    ...(range && { 'content-range': `bytes ${start}-${end - 1}/${content.length}` }),
  });
  const body = content.subarray(start, end);
  if (cut === undefined || end - start <= cut) response.end(body);
  else response.write(body.subarray(0, cut), () => response.destroy());
}

function listing(repo: ServedRepo) {
  const files = Object.entries(repo.files).map(([path, source]) => {
    const content = Buffer.from(source);
    const lfs = { oid: sha256(content), size: content.length, pointerSize: 130 };
    const isLarge = repo.large?.includes(path);
    const oid = isLarge ? '0'.repeat(40) : gitHash(content);
    return { type: 'file', path, size: content.length, oid, ...(isLarge && { lfs }) };
  });
  const folders = new Set(
    files.flatMap(({ path }) => (path.includes('/') ? [path.slice(0, path.lastIndexOf('/'))] : [])),
  );
  return [
    ...[...folders].map((path) => ({ type: 'directory', path, size: 0, oid: '1'.repeat(40) })),
    ...files,
  ];
}

const listen = (server: Server) =>
  new Promise<string>((resolve) =>
    server.listen(0, '127.0.0.1', () => {
      resolve(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
    }),
  );
const close = (server: Server) =>
  new Promise<void>((resolve) => {
    server.closeAllConnections();
    server.close(() => resolve());
  });

/** Starts the server; repositories are named `datasets/org/name` and `models/org/name`. */
export async function startHubServer(
  repos: Readonly<Record<string, ServedRepo>>,
): Promise<HubServer> {
  const requests: HubServer['requests'] = [];
  let breaks = { count: 0, afterBytes: 0 };
  let corrupted = false;
  const note = (request: IncomingMessage) => {
    const token = request.headers.authorization?.replace('Bearer ', '');
    requests.push({ path: request.url ?? '', range: request.headers.range, token });
    return token;
  };

  const contentServer = createServer((request, response) => {
    note(request);
    const [, repo, ...path] = decodeURIComponent(request.url ?? '').split('|');
    const stored = Buffer.from(repos[repo ?? '']?.files[path.join('|')] ?? '');
    const content = corrupted ? Buffer.from(stored.map((byte) => byte ^ 1)) : stored;
    const probe = request.headers.range === 'bytes=0-0';
    if (breaks.count > 0 && !probe) {
      breaks.count -= 1;
      sendContent(request, response, content, breaks.afterBytes);
    } else sendContent(request, response, content);
  });
  const contentUrl = await listen(contentServer);

  const server = createServer((request, response) => {
    const token = note(request);
    const url = new URL(request.url ?? '', 'http://localhost');
    const api = /^\/api\/((?:datasets|models)\/.+?)\/(revision|tree)\/([^/]+)$/.exec(url.pathname);
    const file = /^\/(datasets\/)?(.+?)\/resolve\/([^/]+)\/(.+)$/.exec(url.pathname);
    const name = api?.[1] ?? `${file?.[1] ?? 'models/'}${file?.[2]}`;
    const repo = repos[name];
    if (repo?.token !== undefined && token !== repo.token) {
      return sendError(response, token === undefined ? 401 : 403, 'GatedRepo');
    }
    const revision = api?.[3] ?? file?.[3];
    if (!repo) return sendError(response, 404, 'RepoNotFound');
    if (revision !== 'main' && revision !== repo.sha)
      return sendError(response, 404, 'RevisionNotFound');
    if (api?.[2] === 'revision') {
      return sendJson(response, { _id: '1', id: name.replace(/^\w+\//, ''), sha: repo.sha });
    }
    if (api) {
      const from = Number(url.searchParams.get('cursor') ?? 0);
      const entries = listing(repo);
      url.searchParams.set('cursor', String(from + PAGE));
      const next = `<http://${request.headers.host}${url.pathname}${url.search}>; rel="next"`;
      return sendJson(
        response,
        entries.slice(from, from + PAGE),
        from + PAGE < entries.length ? { link: next } : {},
      );
    }
    const path = decodeURIComponent(file?.[4] ?? '');
    const content = repo.files[path];
    if (content === undefined) return sendError(response, 404, 'EntryNotFound');
    if (!repo.large?.includes(path)) return sendContent(request, response, Buffer.from(content));
    response.writeHead(302, {
      location: `${contentUrl}/${encodeURIComponent(`|${name}|${path}`)}`,
      'x-linked-etag': `"${sha256(Buffer.from(content))}"`,
      'x-linked-size': Buffer.byteLength(content),
    });
    response.end();
  });
  const url = await listen(server);
  return {
    url,
    requests,
    breakOff: (count, afterBytes) => {
      breaks = { count, afterBytes };
    },
    corrupt: (yes) => {
      corrupted = yes;
    },
    close: async () => {
      await close(server);
      await close(contentServer);
    },
  };
}
