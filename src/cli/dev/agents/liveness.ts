import type { LoadedRoute } from '../../../config/compile-route'
import { say } from '../../print'
import { listens } from './listens'

const LOOK_MS = 2_000

/**
 * Whether something listens at the address of each route's agent, by the route's id. Services that
 * are bound by name are not asked.
 */
export class Liveness {
  readonly #known = new Map<string, boolean>()
  readonly #routes: () => Iterable<LoadedRoute>
  #timer: NodeJS.Timeout | undefined

  constructor(routes: () => Iterable<LoadedRoute>) {
    this.#routes = routes
  }

  /** Undefined where it is not known. */
  of(id: string): boolean | undefined {
    return this.#known.get(id)
  }

  /** Looks once, and then from time to time, and tells of each change. */
  async start(): Promise<void> {
    await this.#look(false)
    this.#timer = setInterval(() => void this.#look(true), LOOK_MS)
  }

  close(): void {
    clearInterval(this.#timer)
  }

  async #look(isTold: boolean): Promise<void> {
    const asked = [...this.#routes()].filter(({ origin }) => !origin.host.endsWith('.service.internal'))
    await Promise.all(
      asked.map(async ({ id, origin: { host } }) => {
        const isUp = await listens(host)
        const wasUp = this.#known.get(id)
        this.#known.set(id, isUp)
        if (isTold && isUp !== wasUp) say(`  ${id}: its agent at ${host} ${isUp ? 'listens now' : 'does not listen'}.`)
      }),
    )
  }
}
