import { say } from '../../print'
import { listens } from './listens'

const LOOK_MS = 2_000

interface Watched {
  readonly id: string
  readonly host: string
}

/** A record of which agents accept connections at their address, by the id of their route. */
export class Liveness {
  readonly #known = new Map<string, boolean>()
  readonly #watched: () => readonly Watched[]
  #timer: NodeJS.Timeout | undefined

  /** @param watched returns the agents to contact */
  constructor(watched: () => readonly Watched[]) {
    this.#watched = watched
  }

  /** Tells whether the agent of a route listens. Returns undefined if this is not known. */
  of(id: string): boolean | undefined {
    return this.#known.get(id)
  }

  /** Checks all agents now, and again at intervals. Reports each change. */
  async start(): Promise<void> {
    await this.#look(false)
    this.#timer = setInterval(() => void this.#look(true), LOOK_MS)
  }

  close(): void {
    clearInterval(this.#timer)
  }

  async #look(isTold: boolean): Promise<void> {
    await Promise.all(
      this.#watched().map(async ({ id, host }) => {
        const isUp = await listens(host)
        const wasUp = this.#known.get(id)
        this.#known.set(id, isUp)
        if (isTold && isUp !== wasUp) say(`  ${id}: its agent at ${host} ${isUp ? 'listens now' : 'does not listen'}.`)
      }),
    )
  }
}
