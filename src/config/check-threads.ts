import { adapterOf } from '../agents/kinds'
import { EVERYBODY } from '../agents/thread-isolation'
import { covers, unnamed } from '../policy/operation'
import type { Route } from './define'
import { show } from './fault'
import type { Report } from './report'

/**
 * Checks that the owner of a route's threads fits its kind of agent, its callers and its
 * operations.
 */
export function checkThreads(route: Route, report: Report): void {
  const { threads, unowned, agent, public: isPublic } = route
  const adapter = adapterOf(agent)
  const isShared = threads === 'shared' || isPublic === true
  if (threads !== undefined && !adapter.threads)
    report(
      'threads',
      show(threads),
      `nothing, for ${agent.kind}`,
      'Remove the setting: the gateway does not handle threads of this kind of agent.',
    )
  else if (threads !== undefined && threads !== 'shared' && isPublic)
    report(
      'threads',
      show(threads),
      '"shared" or nothing, on a public route',
      'Remove the setting: a public route has no users.',
    )
  if (unowned !== undefined && (agent.kind !== 'langgraph' || isShared))
    report(
      'unowned',
      show(unowned),
      'nothing here',
      'Remove the setting: it applies only to langgraph routes whose threads have owners.',
    )
  if (isShared && agent.kind === 'mcp' && agent.eventStore !== undefined)
    report(
      'agent.eventStore',
      show(agent.eventStore),
      'nothing here',
      'Remove the setting: with shared threads every stream can be resumed anyway.',
    )
  checkStoredIdentity(route, report)
  if (isShared) return
  const rows = [...adapter.endpoints, ...(adapter.bodyOperations ?? [])]
  agent.operations?.forEach((pattern, index) => {
    const covered = rows.filter(({ operation }) => covers(unnamed(pattern), operation))
    if (covered.length === 0 || !covered.every(({ whose }) => whose === EVERYBODY)) return
    const expected = "an operation that reaches only the caller's own data"
    const remedy = "Remove the operation, or set `threads: 'shared'`: this operation reaches data of all users."
    report(`agent.operations[${index}]`, show(pattern), expected, remedy)
  })
}

/**
 * Checks `resumesAs`, which a route needs if an agent keeps identity in a state that several people
 * share. Only the agent knows whether another person continues a run, and which identity the run
 * then has.
 */
function checkStoredIdentity(route: Route, report: Report): void {
  const { agent, identity, resumesAs, threads = 'own' } = route
  const adapter = adapterOf(agent)
  const { state, forwardedProps } = { ...adapter.identity, ...identity }
  // Agents with a state merge `forwardedProps` into this state.
  const isInState = state !== false || Object.keys(forwardedProps ?? {}).length > 0
  const matters = adapter.storesIdentity === true && isInState && threads !== 'own' && !route.public
  if (matters && resumesAs === undefined)
    report(
      'threads',
      show(threads),
      `"own", for an agent that may keep identity in its state`,
      "Remove the setting. Or set `resumesAs: 'whoever-asked-first'`: a person who continues another person's run then acts with that person's roles.",
    )
  if (!matters && resumesAs !== undefined)
    report(
      'resumesAs',
      show(resumesAs),
      'nothing here',
      'Remove the setting: every run of this route has the identity of its caller.',
    )
}
