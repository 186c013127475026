import type { SigningKeys } from './assertion/keys'
import { createSigner } from './assertion/sign'
import type { Entrance } from './authentication/authenticate'
import { createEntrances } from './authentication/kinds'
import { listReader, variable } from './config/env'
import type { Configuration } from './config/load'
import type { LoadedRoute } from './config/loaded-route'
import { createIsolation } from './isolation'
import { createRevocations, type Revocations } from './limits/revocations'
import type { Ports } from './ports'
import { createBodyReads, MOST_BYTES } from './request/body-reads'
import { type CorsRules, rulesOfAll } from './request/cors'
import { createSender } from './send'

/** The objects that all requests of an isolate (one running copy of the Worker) share. */
export interface Services {
  readonly config: Configuration
  readonly ports: Ports
  /**
   * The gateway's own host. If `Via` names it, the request has passed through this gateway before.
   */
  readonly host: string
  /** The CORS rules for requests that match no route. */
  readonly corsOfAll: CorsRules
  readonly entranceOf: ReadonlyMap<LoadedRoute, Entrance>
  readonly senderFor: ReturnType<typeof createSender>
  readonly isolate: ReturnType<typeof createIsolation>
  /** Absent if no revocation list is bound to the Worker. */
  readonly revocations: Revocations | undefined
  /**
   * Begins to count a body that is read. Bodies of callers who are not known yet have a separate
   * limit.
   */
  readonly beginRead: Readonly<Record<keyof typeof MOST_BYTES, ReturnType<typeof createBodyReads>>>
}

export function createServices(config: Configuration, signingKeys: () => Promise<SigningKeys>, ports: Ports): Services {
  const routes = [...config.routes.values()]
  const entranceTo = createEntrances(ports, signingKeys)
  const readList = listReader(config.environment)
  return {
    config,
    ports,
    host: new URL(config.publicUrl).host,
    corsOfAll: rulesOfAll(routes.map(({ cors }) => cors)),
    entranceOf: new Map(routes.map((route) => [route, entranceTo(route)])),
    senderFor: createSender(config, createSigner(config.publicUrl, signingKeys, ports)),
    isolate: createIsolation(variable(config.environment, 'THREAD_SECRET'), ports),
    revocations: readList && createRevocations(config.publicUrl, readList, ports),
    beginRead: {
      known: createBodyReads(ports, MOST_BYTES.known),
      unknown: createBodyReads(ports, MOST_BYTES.unknown),
    },
  }
}
