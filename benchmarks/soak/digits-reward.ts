/** Share of a completion that is digits. It runs in a child process, as rewards named by module do. */
export const digits = (completion: string): number =>
  completion.length === 0 ? 0 : (completion.match(/\d/g)?.length ?? 0) / completion.length;
