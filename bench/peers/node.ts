import path from 'node:path'
import { freePort } from '../../test/support/port.ts'
import type { Running } from '../process.ts'
import { AUDIENCE } from '../tokens.ts'
import { startScript, type World } from '../world.ts'

export async function startHonoOnNode({ originUrl, jwksUri, tokens }: World): Promise<Running> {
  const file = path.join(import.meta.dirname, 'hono-node.ts')
  const env = { ORIGIN: originUrl, JWKS_URI: jwksUri, ISSUER: tokens.issuer, AUDIENCE }
  return startScript('Hono + jose on Node', file, await freePort(), env)
}
