/** The gateway as src/index.ts makes it, with the routes that a measurement needs. */
import { env } from 'cloudflare:workers'
import { createWorker } from '../../src/worker'

export default createWorker(JSON.parse(String((env as unknown as Record<string, unknown>).BENCH_ROUTES)))
