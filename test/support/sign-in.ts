/**
 * Signs a local person in as a browser would: follows the provider's redirects, with its cookies,
 * and fills its form.
 * @param authorization the URL that a client sends the browser to
 * @returns the address that the browser is sent back to, with its code
 */
export async function signInAt(authorization: URL, person: string, redirectUri: string): Promise<URL> {
  const cookies = new Map<string, string>()
  let at = authorization
  let form: URLSearchParams | undefined
  for (let steps = 0; steps < 10; steps++) {
    const reply = await fetch(at, {
      redirect: 'manual',
      headers: { cookie: [...cookies].map(([name, value]) => `${name}=${value}`).join('; ') },
      ...(form && { method: 'POST', body: form }),
    })
    for (const line of reply.headers.getSetCookie()) {
      const [, name, value] = /^([^=]+)=([^;]*)/.exec(line) ?? []
      if (name !== undefined && value !== undefined) cookies.set(name, value)
    }
    const text = await reply.text()
    const location = reply.headers.get('location')
    if (location !== null) {
      at = new URL(location, at)
      form = undefined
      if (at.href.startsWith(redirectUri)) return at
      continue
    }
    const action = /action="([^"]+)"/.exec(text)?.[1]
    if (reply.status !== 200 || action === undefined) throw new Error(`${reply.status} at ${at.pathname}: ${text}`)
    at = new URL(action, at)
    form = new URLSearchParams({ username: person, password: person })
  }
  throw new Error('The sign-in went round in circles.')
}
