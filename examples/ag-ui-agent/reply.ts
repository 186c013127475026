/**
 * The user, in the form that AG2 and Microsoft Agent Framework agents expect in the run's state.
 */
export interface AuthUser {
  user_id?: string
  name?: string
  roles?: string[]
  tenant?: string
}

export interface Script {
  text: string
  /** Milliseconds between words. */
  pause: number
  /** Milliseconds without a byte before the first word. */
  silence?: number
}

/**
 * Returns the words of the answer and their pace. "count to 20" and "be silent for 30 seconds" make
 * runs so long that a client can leave them early. Any other message is answered with the user that
 * the agent sees.
 */
export function scriptedReply(message: string, user: AuthUser | undefined): Script {
  const [, count] = /count to (\d+)/i.exec(message) ?? []
  if (count) {
    const numbers = Array.from({ length: Math.min(Number(count), 1000) }, (_, index) => index + 1)
    return { text: numbers.join(' '), pause: 100 }
  }

  const [, seconds] = /be silent for (\d+) seconds?/i.exec(message) ?? []
  if (seconds) return { text: `I was silent for ${seconds} seconds.`, pause: 40, silence: Number(seconds) * 1000 }

  return { text: `${greeting(user)} You said: “${message}”`, pause: 40 }
}

function greeting(user: AuthUser | undefined): string {
  if (!user?.user_id) return 'Hello, whoever you are: no identity reached me.'
  const { user_id: id, name = id, roles = [], tenant = 'none' } = user
  return `Hello ${name}. The gateway says you are ${id} (roles: ${roles.join(', ') || 'none'}, tenant: ${tenant}).`
}
