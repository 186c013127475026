/** A server that publishes the identity providers' keys, and counts the requests for them. */
import { createServer } from 'node:http'

const sets = JSON.parse(process.env.BENCH_KEY_SETS ?? '{}') as Record<string, unknown>
const bodies = new Map(Object.entries(sets).map(([path, set]) => [path, JSON.stringify(set)]))
const maxAge = process.env.BENCH_KEY_SETS_MAX_AGE
const freshness = maxAge === undefined ? {} : { 'cache-control': `max-age=${maxAge}` }
let fetches = 0

createServer((request, response) => {
  const path = request.url ?? ''
  if (path === '/fetches') {
    response.end(String(fetches))
    return
  }
  const body = bodies.get(path)
  if (body === undefined) {
    response.statusCode = 404
    response.end()
    return
  }
  fetches++
  const head = { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body), ...freshness }
  response.writeHead(200, head)
  response.end(body)
}).listen(Number(process.env.BENCH_PORT), '127.0.0.1')
