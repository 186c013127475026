import type { Running } from './process.ts'
import { AUDIENCE } from './tokens.ts'
import { startWorker } from './workerd.ts'
import type { World } from './world.ts'

export const startFloor = ({ originUrl, bundles }: World): Promise<Running> =>
  startWorker({ name: 'bare workerd', code: bundles.floor, env: { ORIGIN: originUrl } })

export const startReader = ({ originUrl, bundles }: World): Promise<Running> =>
  startWorker({ name: 'bare workerd that reads', code: bundles.reader, env: { ORIGIN: originUrl } })

export const startHono = (world: World): Promise<Running> =>
  startWorker({ name: 'Hono in workerd, keys fetched', code: world.bundles.hono, env: honoVariables(world) })

export const startHonoInline = (world: World): Promise<Running> =>
  startWorker({
    name: 'Hono in workerd, keys inline',
    code: world.bundles.hono,
    env: { ...honoVariables(world), KEYS: JSON.stringify(world.tokens.publicKeys) },
  })

const honoVariables = ({ originUrl, jwksUri, tokens }: World) => ({
  ORIGIN: originUrl,
  ISSUER: tokens.issuer,
  AUDIENCE,
  JWKS_URI: jwksUri,
})
