/** An error, in the form in which the page shows it. */
export interface Trouble {
  status?: number
  title: string
  text: string
  /** Whether the text comes from the gateway. */
  isExplained: boolean
}

/**
 * An error as CopilotKit reports it, with the status. If a run failed, it also has the gateway's
 * JSON.
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
 * Returns the error to show. After a refused run, CopilotKit requests the runtime's information.
 * This request is refused too, but its error says less.
 */
export const worse = (known: Trouble | undefined, next: Trouble): Trouble =>
  known?.isExplained && known.status === next.status && !next.isExplained ? known : next
