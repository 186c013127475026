/**
 * Returns the words of the answer and their pace. "count to 20" and "be silent for 30 seconds" make
 * runs that are long enough to cancel. Any other message is answered with the user that the agent
 * sees.
 */
export function scriptedReply(message, seen) {
  const [, count] = /count to (\d+)/i.exec(message) ?? []
  if (count) {
    const numbers = Array.from({ length: Math.min(Number(count), 1000) }, (_, index) => index + 1)
    return { text: numbers.join(' '), pause: 100 }
  }

  const [, seconds] = /be silent for (\d+) seconds?/i.exec(message) ?? []
  if (seconds) return { text: `I was silent for ${seconds} seconds.`, pause: 40, silence: Number(seconds) * 1000 }

  return { text: `${greeting(seen)} You said: “${message}”`, pause: 40 }
}

function greeting(seen) {
  const id = seen['x-user-id']
  if (!id) return 'Hello, whoever you are: no identity reached me.'
  const name = seen['x-user-name'] || id
  const roles = seen['x-user-roles'] || 'none'
  const tenant = seen['x-user-tenant'] || 'none'
  return `Hello ${name}. The gateway says you are ${id} (roles: ${roles}, tenant: ${tenant}).`
}
