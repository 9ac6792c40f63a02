import { readFile, realpath } from 'node:fs/promises';
import { extname, join, sep } from 'node:path';
import { Hono } from 'hono';
import type { ServerEnvironment } from '../environment.ts';
import { HttpProblem } from '../http-problem.ts';

const types: Readonly<Record<string, string>> = {
  '.css': 'text/css; charset=utf-8',
  '.html': 'text/html; charset=utf-8',
  '.ico': 'image/x-icon',
  '.js': 'text/javascript; charset=utf-8',
  '.json': 'application/json',
  '.png': 'image/png',
  '.svg': 'image/svg+xml',
  '.txt': 'text/plain; charset=utf-8',
  '.webmanifest': 'application/manifest+json',
};

/** The file of a folder that a path names; undefined for none, for links out of the folder, and for other types. */
async function readWithin(folder: string, path: string): Promise<Buffer | undefined> {
  if (!/^(?:[\w@-][\w.@-]*\/)*[\w@-][\w.@-]*$/.test(path)) return undefined;
  try {
    const file = await realpath(join(folder, path));
    if (!file.startsWith((await realpath(folder)) + sep)) return undefined;
    return await readFile(file);
  } catch (error) {
    const { code = '' } = error as NodeJS.ErrnoException;
    if (['ENOENT', 'ENOTDIR', 'EISDIR', 'EACCES', 'ELOOP', 'ENAMETOOLONG'].includes(code))
      return undefined;
    throw error;
  }
}

/** The built pages: files by their names, those with a hash for ever; every other address is a page of the app. */
export function staticFiles(folder: string): Hono<ServerEnvironment> {
  const app = new Hono<ServerEnvironment>();
  app.get('*', async (context) => {
    const path = context.req.path.slice(1);
    const type = types[extname(path)];
    if (type !== undefined) {
      const bytes = await readWithin(folder, path);
      if (bytes === undefined) throw new HttpProblem(404, 'there is no such file');
      const caching = path.startsWith('assets/')
        ? 'private, max-age=31536000, immutable'
        : 'no-cache';
      return context.body(new Uint8Array(bytes), 200, {
        'Content-Type': type,
        'Cache-Control': caching,
      });
    }
    const index = await readWithin(folder, 'index.html');
    if (index === undefined) {
      throw new HttpProblem(503, 'the dashboard’s pages are not built; run `npm run setup`');
    }
    return context.body(new Uint8Array(index), 200, {
      'Content-Type': types['.html']!,
      'Cache-Control': 'no-cache',
    });
  });
  return app;
}
