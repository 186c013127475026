/**
 * Tells whether a pattern of a policy covers an operation. `*` covers all operations, and
 * `threads.*` covers all that begin with `threads.`. Any other pattern covers the operation of the
 * same text, also if a slash and a name follow: `tool.call` covers `tool.call/search`. Patterns
 * have no other syntax, so no character needs escaping and no pattern is invalid.
 */
export function covers(pattern: string, operation: string): boolean {
  if (pattern === '*') return true
  return pattern.endsWith('.*')
    ? operation.startsWith(pattern.slice(0, -1))
    : pattern === operation || pattern === unnamed(operation)
}

/** Returns an operation without the slash and name after it: `tool.call` for `tool.call/search`. */
export const unnamed = (operation: string): string => operation.split('/', 1)[0] ?? operation
