import { once } from 'node:events'
import { readdir, readFile } from 'node:fs/promises'
import { createServer, type IncomingMessage } from 'node:http'
import { extname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { createExaminer } from './evidence.ts'
import type { Tap } from './tap.ts'

export interface DemoServerOptions {
  port: number
  gateway: string
  issuer: string
  taps: Tap[]
}

interface Answer {
  status: number
  /** The file extension that says what it is. */
  type: string
  body: string
}

const types: Record<string, string> = {
  css: 'text/css; charset=utf-8',
  html: 'text/html; charset=utf-8',
  js: 'text/javascript; charset=utf-8',
  json: 'application/json',
  svg: 'image/svg+xml',
}

/** Serves the demo page, and tells it what the agents received. For one's own machine: it shows whole requests. */
export async function startDemoServer({ port, gateway, issuer, taps }: DemoServerOptions) {
  const files = await pageFiles()
  const examine = createExaminer(gateway)
  const host = `127.0.0.1:${port}`
  const config = JSON.stringify({ gateway, issuer, clientId: 'sallyport-demo', redirectUri: `http://${host}/` })
  const headers = {
    'content-security-policy': `default-src 'self'; connect-src 'self' ${gateway} ${issuer}; frame-ancestors 'none'; base-uri 'none'`,
    'cache-control': 'no-store',
    'referrer-policy': 'no-referrer',
    'x-content-type-options': 'nosniff',
  }

  const answer = async (request: IncomingMessage): Promise<Answer> => {
    // Another name that resolves to loopback must not get at the records (DNS rebinding).
    if (request.headers.host !== host) return { status: 421, type: 'txt', body: `This is http://${host}/` }
    const { pathname } = new URL(request.url ?? '/', `http://${host}`)
    const [, id] = /^\/received\/([\w.-]+)$/.exec(pathname) ?? []
    if (id) {
      const received = taps.flatMap((tap) => tap.received(id))
      return { status: 200, type: 'json', body: JSON.stringify(await Promise.all(received.map(examine))) }
    }
    if (pathname === '/config.json') return { status: 200, type: 'json', body: config }
    const file = files.get(pathname === '/' ? '/index.html' : pathname)
    if (!file) return { status: 404, type: 'txt', body: 'Not found' }
    return { status: 200, type: extname(file).slice(1), body: await readFile(file, 'utf8') }
  }
  const server = createServer(async (request, response) => {
    const { status, type, body } = await answer(request).catch(() => ({
      status: 400,
      type: 'txt',
      body: 'Bad request',
    }))
    response.writeHead(status, { ...headers, 'content-type': types[type] ?? 'text/plain; charset=utf-8' }).end(body)
  })
  server.listen(port, '127.0.0.1')
  await once(server, 'listening')

  return {
    async close() {
      server.closeAllConnections()
      server.close()
      await once(server, 'close')
    },
  }
}

/** The files that are served, by their address: a list, so that no path can lead anywhere else. */
async function pageFiles(): Promise<Map<string, string>> {
  const folder = join(import.meta.dirname, 'page')
  const files = new Map((await readdir(folder)).map((name) => [`/${name}`, join(folder, name)]))
  return files.set('/vendor/oauth4webapi.js', fileURLToPath(import.meta.resolve('oauth4webapi')))
}
