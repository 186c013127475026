/** Requests an access token from the running local identity provider, with the password grant. */
export async function requestToken(issuer: string, person: string, resource: string, scope?: string): Promise<string> {
  const response = await fetch(`${issuer}/token`, {
    method: 'POST',
    body: new URLSearchParams({
      grant_type: 'password',
      client_id: 'sallyport-cli',
      username: person,
      password: person,
      resource,
      ...(scope !== undefined && { scope }),
    }),
  })
  const reply = (await response.json()) as { access_token?: string; error_description?: string }
  if (!reply.access_token) throw new Error(`no token for ${person}: ${reply.error_description ?? response.status}`)
  return reply.access_token
}
