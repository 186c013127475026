const MAX_CHARS = 200

/**
 * Returns a value of a token as text for operators. The audit line later shortens and escapes it
 * once more, and removes credentials from it.
 */
export function shown(value: unknown): string {
  if (value === undefined) return 'nothing'
  const isText = typeof value === 'string' && value !== ''
  return (isText ? value : typeof value === 'number' ? String(value) : JSON.stringify(value)).slice(0, MAX_CHARS)
}
