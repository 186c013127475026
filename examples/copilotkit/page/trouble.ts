/** An error, in words for the person at the page. */
export interface Trouble {
  status?: number
  title: string
  text: string
  /** Whether the words are the gateway's own. */
  isExplained: boolean
}

/**
 * An error as CopilotKit reports it: the status is on the error, and so is the gateway's JSON if it
 * was a run that failed.
 */
interface Reported extends Error {
  status?: number
  runtimeInfoStatus?: number
  payload?: { title?: string; detail?: string }
}

const titles: Record<number, string> = { 401: 'Sign-in required', 403: 'Not permitted' }

export function troubleOf(error: Reported): Trouble {
  const { payload, status = error.runtimeInfoStatus } = error
  if (status === undefined) return { title: 'That did not work.', text: error.message, isExplained: false }
  return {
    status,
    title: payload?.title ?? titles[status] ?? 'That did not work.',
    text: payload?.detail ?? error.message.replace(/^Runtime info request failed with status \d+: /, ''),
    isExplained: payload?.detail !== undefined,
  }
}

/**
 * A refused run is followed by a question whether the runtime is there, which is refused too, but
 * says less.
 */
export const worse = (known: Trouble | undefined, next: Trouble): Trouble =>
  known?.isExplained && known.status === next.status && !next.isExplained ? known : next
