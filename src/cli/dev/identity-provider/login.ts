/// <reference path="./oidc-provider.d.ts" />
import type { IncomingMessage, ServerResponse } from 'node:http'
import { text } from 'node:stream/consumers'
import type { Provider } from 'oidc-provider'
import { errorPage, loginPage } from './login-page.ts'
import type { People } from './people.ts'

/** Serves the sign-in page to which oidc-provider redirects the browser. */
export async function login(
  provider: Provider,
  people: People,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const html = (status: number, body: string) =>
    response.writeHead(status, { 'content-type': 'text/html; charset=utf-8', 'cache-control': 'no-store' }).end(body)

  try {
    const { prompt, uid } = await provider.interactionDetails(request, response)
    if (prompt.name !== 'login') throw new Error(`this provider has no page for the prompt "${prompt.name}"`)
    const action = `/interaction/${uid}`
    if (request.method !== 'POST') {
      html(200, loginPage(action, people))
      return
    }
    const form = new URLSearchParams(await text(request))
    const username = form.get('username') ?? undefined
    const person = people.signIn(username, form.get('password') ?? undefined)
    if (!person) {
      html(400, loginPage(action, people, `Unknown username or wrong password. Try ${tries(people)}.`))
      return
    }
    await provider.interactionFinished(request, response, { login: { accountId: person.sub } })
  } catch (error) {
    html(400, errorPage('Go back and start again.', (error as Error).message))
  }
}

const tries = ({ all }: People): string => all.map(({ sub }) => `${sub}/${sub}`).join(' or ')
