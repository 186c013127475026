import { adapterOf } from '../agents/kinds'
import { EVERYBODY } from '../agents/thread-isolation'
import { covers, unnamed } from '../policy/operation'
import type { Route } from './define'
import { show } from './fault'
import type { Report } from './report'

/**
 * Checks the owner of threads against the kind of agent, the callers who may come in, and the
 * operations that the route opens.
 */
export function checkThreads(route: Route, report: Report): void {
  const { threads, unowned, agent, public: isPublic } = route
  const adapter = adapterOf(agent)
  const isShared = threads === 'shared' || isPublic === true
  if (threads !== undefined && !adapter.threads)
    report('threads', show(threads), `nothing, for ${agent.kind}`, 'Remove it: the gate knows no threads of this kind.')
  else if (threads !== undefined && threads !== 'shared' && isPublic)
    report('threads', show(threads), '"shared" or nothing, on a public route', 'Remove it: nobody is there to own any.')
  if (unowned !== undefined && (agent.kind !== 'langgraph' || isShared))
    report('unowned', show(unowned), 'nothing here', 'Remove it: only LangGraph keeps owners, where threads have some.')
  if (isShared && agent.kind === 'mcp' && agent.eventStore !== undefined)
    report(
      'agent.eventStore',
      show(agent.eventStore),
      'nothing here',
      'Remove it: where all is shared, all can be resumed.',
    )
  checkStoredIdentity(route, report)
  if (isShared) return
  const rows = [...adapter.endpoints, ...(adapter.bodyOperations ?? [])]
  agent.operations?.forEach((pattern, index) => {
    const covered = rows.filter(({ operation }) => covers(unnamed(pattern), operation))
    if (covered.length === 0 || !covered.every(({ whose }) => whose === EVERYBODY)) return
    const expected = "an operation on what is the caller's own"
    const remedy = "Remove it, or say `threads: 'shared'`: what it touches is everybody's, and cannot be kept apart."
    report(`agent.operations[${index}]`, show(pattern), expected, remedy)
  })
}

/**
 * Whether an answer or an edit is another person's is known to the agent alone, and so is whose
 * identity its run then has.
 */
function checkStoredIdentity(route: Route, report: Report): void {
  const { agent, identity, resumesAs, threads = 'own' } = route
  const adapter = adapterOf(agent)
  const { state, forwardedProps } = { ...adapter.identity, ...identity }
  // Agents that keep a state merge the props into it.
  const isInState = state !== false || Object.keys(forwardedProps ?? {}).length > 0
  const matters = adapter.storesIdentity === true && isInState && threads !== 'own' && !route.public
  if (matters && resumesAs === undefined)
    report(
      'threads',
      show(threads),
      `"own", for an agent that may keep identity in its state`,
      "Leave it out; or say `resumesAs: 'whoever-asked-first'`: who answers or edits another's run acts with the roles of the other.",
    )
  if (!matters && resumesAs !== undefined)
    report(
      'resumesAs',
      show(resumesAs),
      'nothing here',
      'Remove it: every run of this route has its caller’s identity.',
    )
}
