import type { AuditEvent } from '../../../audit/event'
import type { LoadedRoute } from '../../../config/loaded-route'
import { visible } from '../visible'
import { ag2Probe } from './probes/ag2'
import { langgraphProbe } from './probes/langgraph'
import type { Probe } from './probes/probe'
import { UnreadAssertions } from './probes/unread'
import type { Observed } from './received'

/**
 * Finds agents that ignore the caller's identity although the gateway sends it. Reports each such
 * fault once, with the line that is missing in the agent's code or settings.
 */
export class Notices {
  readonly #routes: () => ReadonlyMap<string, LoadedRoute>
  readonly #tell: (text: string) => void
  readonly #told = new Map<string, string>()
  readonly #probes: readonly Probe[] = [langgraphProbe(), ag2Probe()]
  readonly #unread = new UnreadAssertions()

  /** @param tell receives a text for the developer */
  constructor(routes: () => ReadonlyMap<string, LoadedRoute>, tell: (text: string) => void) {
    this.#routes = routes
    this.#tell = tell
  }

  /** Returns the faults that were found for a route's agent. */
  of(id: string): readonly string[] {
    return [...this.#told].flatMap(([key, text]) => (key.startsWith(`${id}:`) ? [text] : []))
  }

  /** Looks in an agent's answer for signs that the agent ignores the caller's identity. */
  observe(observed: Observed): void {
    const route = this.#byId(observed.request.route)
    if (!route) return
    for (const [index, probe] of this.#probes.entries()) void this.#ask(probe, index, observed, route)
  }

  /**
   * Looks in the audit line of a finished request for signs that the agent ignores the caller's
   * identity.
   */
  note({ route: id, outcome }: AuditEvent): void {
    const route = id === undefined ? undefined : this.#byId(id)
    if (route && outcome === 'forwarded') this.#unread.note(route, (found) => this.#note(route.id, 'unread', found))
  }

  /** Notes that a client has fetched the keys that verify assertions. */
  noteKeysRead(): void {
    this.#unread.keysRead()
  }

  /**
   * Runs a probe, which looks for one kind of fault. A probe that fails on an unusual answer has
   * found nothing.
   */
  async #ask(probe: Probe, index: number, observed: Observed, route: LoadedRoute): Promise<void> {
    try {
      this.#note(route.id, index, await probe(observed, route))
    } catch {
      // A failed probe has found nothing.
    }
  }

  #note(id: string, probe: number | string, found: string | undefined): void {
    const key = `${id}:${probe}`
    if (found === undefined || this.#told.has(key)) return
    this.#told.set(key, visible(found))
    this.#tell(`\n  ${id}: ${visible(found)}\n`)
  }

  #byId(id: string | undefined): LoadedRoute | undefined {
    return [...this.#routes().values()].find((route) => route.id === id)
  }
}
