import { say } from '../../print'
import { listens } from './listens'

const LOOK_MS = 2_000

interface Watched {
  readonly id: string
  readonly host: string
}

/** Whether something listens at the address of each agent, by the id of its route. */
export class Liveness {
  readonly #known = new Map<string, boolean>()
  readonly #watched: () => readonly Watched[]
  #timer: NodeJS.Timeout | undefined

  /** @param watched agents of this machine; no others are contacted */
  constructor(watched: () => readonly Watched[]) {
    this.#watched = watched
  }

  /** Returns undefined if it is not known. */
  of(id: string): boolean | undefined {
    return this.#known.get(id)
  }

  /** Checks now, and then from time to time. Reports each change. */
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
