/**
 * Whether a pattern of a policy covers an operation. `*` covers all, `threads.*` everything below
 * `threads`, and anything else only itself and what it names: `tool.call` covers
 * `tool.call/search`. There is no other syntax, so there is nothing to escape and nothing that can
 * fail.
 */
export function covers(pattern: string, operation: string): boolean {
  if (pattern === '*') return true
  return pattern.endsWith('.*')
    ? operation.startsWith(pattern.slice(0, -1))
    : pattern === operation || pattern === unnamed(operation)
}

/** An operation without the thing that it names: `tool.call` of `tool.call/search`. */
export const unnamed = (operation: string): string => operation.split('/', 1)[0] ?? operation
