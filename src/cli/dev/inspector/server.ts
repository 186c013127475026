import { once } from 'node:events'
import { readdir, readFile } from 'node:fs/promises'
import { createServer, type IncomingMessage } from 'node:http'
import path from 'node:path'
import { json } from 'node:stream/consumers'
import { fileURLToPath } from 'node:url'
import { createExaminer } from './evidence'
import { pageState } from './page-state'
import { refusalText } from './refusal-text'
import type { Shown } from './shown'

interface Answer {
  readonly status: number
  /** The file extension, which decides the `content-type`. */
  readonly type: string
  readonly body: string
}

const types: Readonly<Record<string, string>> = {
  css: 'text/css; charset=utf-8',
  html: 'text/html; charset=utf-8',
  js: 'text/javascript; charset=utf-8',
  json: 'application/json',
  svg: 'image/svg+xml',
}
const asJson = (value: unknown): Answer => ({ status: 200, type: 'json', body: JSON.stringify(value) })
const plain = (status: number, body: string): Answer => ({ status, type: 'txt', body })

/**
 * Serves the page of `sallyport dev`. The page shows complete requests and gets tokens of local
 * people. So this server accepts requests only from the page itself.
 */
export async function startPage(shown: Shown): Promise<{ readonly close: () => Promise<void> }> {
  const { addresses, people, provider, recorder, audits, current } = shown
  const files = await pageFiles()
  const examine = createExaminer(addresses.gateway, () => current.staged.configuration.routes)
  const headers = {
    'content-security-policy': `default-src 'self'; connect-src 'self' ${addresses.gateway}; frame-ancestors 'none'; base-uri 'none'`,
    'cache-control': 'no-store',
    'referrer-policy': 'no-referrer',
    'x-content-type-options': 'nosniff',
  }

  const tokenOf = async (request: IncomingMessage): Promise<Answer> => {
    const { person, isExpired } = (await json(request)) as { person?: string; isExpired?: boolean }
    if (person === undefined || !people.find(person)) return plain(404, 'There is no local person with this name.')
    return asJson({ token: await (isExpired ? provider.expiredToken(person) : provider.token(person)) })
  }
  const answer = async (request: IncomingMessage): Promise<Answer> => {
    const refusal = refuseOthers(request, addresses.page)
    if (refusal) return refusal
    const { pathname } = new URL(request.url ?? '/', addresses.page)
    const [, what, id = ''] = /^\/(received|audit)\/([\w.-]+)$/.exec(pathname) ?? []
    if (what === 'received') return asJson(await Promise.all(recorder.received(id).map(examine)))
    if (what === 'audit') {
      const event = audits.of(id)
      return event ? asJson(refusalText(event)) : plain(404, 'There is no request with this id.')
    }
    if (pathname === '/state') return asJson(pageState(shown))
    if (pathname === '/token' && request.method === 'POST') return tokenOf(request)
    const file = files.get(pathname === '/' ? '/index.html' : pathname)
    if (!file) return plain(404, 'Not found')
    return { status: 200, type: path.extname(file).slice(1), body: await readFile(file, 'utf8') }
  }
  const server = createServer(async (request, response) => {
    const { status, type, body } = await answer(request).catch(() => plain(400, 'Bad request'))
    response.writeHead(status, { ...headers, 'content-type': types[type] ?? 'text/plain; charset=utf-8' }).end(body)
  })
  server.listen(Number(new URL(addresses.page).port), '127.0.0.1')
  await once(server, 'listening')
  return {
    async close() {
      server.closeAllConnections()
      server.close()
      await once(server, 'close')
    },
  }
}

/**
 * Refuses requests from other pages, which must not get a token. Also refuses other host names that
 * resolve to this machine (DNS rebinding), so that they cannot read the recorded requests.
 */
function refuseOthers({ headers, method }: IncomingMessage, page: string): Answer | undefined {
  if (headers.host !== new URL(page).host) return plain(421, `This is ${page}/`)
  const isForeign = headers.origin !== undefined && headers.origin !== page
  if (isForeign || (method === 'POST' && headers.origin !== page)) return plain(403, 'This is for its own page.')
  return undefined
}

/**
 * Returns the files of the page, by their URL path. Only these are served, so no path can reach
 * another file.
 */
async function pageFiles(): Promise<ReadonlyMap<string, string>> {
  const folder = fileURLToPath(new URL('./page/', import.meta.url))
  return new Map((await readdir(folder)).map((name) => [`/${name}`, path.join(folder, name)]))
}
