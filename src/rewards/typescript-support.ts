/** Whether this Node needs help to import a file: TypeScript before 22.18, where type stripping became the default. */
export function needsTypeScriptLoader(file: string): boolean {
  if (!/\.[cm]?tsx?$/.test(file)) return false;
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
  return major < 22 || (major === 22 && minor < 18);
}
