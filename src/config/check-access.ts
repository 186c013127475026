import { adapterOf } from '../agents/kinds'
import { KEY_HEADER } from '../authentication/api-key/form'
import { permitsEverybody } from '../policy/decision'
import { covers } from '../policy/operation'
import type { Route } from './define'
import type { Environment } from './env'
import { show } from './fault'
import type { Report } from './report'
import { checkTrustList, isApiKeys } from './trust'

/**
 * Checks the settings that decide who may use a route: `trust` and `policies`, or `public`. Also
 * checks operations that are open without a token, and settings that take a token from another
 * place than `authorization`.
 */
export function checkAccess(route: Route, environment: Environment, report: Report): void {
  checkTokenInBody(route, report)
  checkPublicCard(route, report)
  checkTokenHeader(route, report)
  if (route.public) {
    for (const key of ['trust', 'policies'] as const) {
      if (route[key]) report(key, 'a list, on a public route', 'nothing', 'Remove the setting, or remove `public`.')
    }
    return
  }
  if (!route.trust) {
    report(
      'trust',
      'nothing',
      'at least one issuer',
      'List the issuers of your users, or set `public: true` to let everyone in.',
    )
  }
  if (!route.policies) {
    report('policies', 'nothing', 'at least one policy', 'Add a policy. Without one, every request is refused.')
  }
  checkTrustList(route.trust ?? [], environment, report)
}

function checkTokenInBody({ tokenInBody, agent, policies = [], public: isPublic }: Route, report: Report): void {
  if (!tokenInBody) return
  const adapter = adapterOf(agent)
  const { operation } = adapter.withoutToken ?? {}
  if (operation !== undefined && !isPublic && !permitsEverybody(policies, operation))
    report(
      'policies',
      `no rule that allows "${operation}" to everybody`,
      'in each policy a rule without `when`, and no `deny` rule for it',
      `Add { name: 'apps ask first', operations: ['${operation}'] }: apps ask for this before they send a token.`,
    )
  if (!adapter.takeTokens || isPublic) {
    const expected = `nothing, ${isPublic ? 'on a public route' : `for ${agent.kind}`}`
    report(
      'tokenInBody',
      'true',
      expected,
      'Remove the setting: only CopilotKit and AG-UI clients can send a token in the body.',
    )
  }
}

function checkPublicCard({ agent, public: isPublic }: Route, report: Report): void {
  if (agent.kind !== 'a2a' || !agent.publicCard) return
  if (isPublic)
    report(
      'agent.publicCard',
      'true',
      'nothing, on a public route',
      'Remove the setting: on a public route the card is public already.',
    )
  if (agent.operations && !agent.operations.some((pattern) => covers(pattern, 'card.read')))
    report(
      'agent.operations',
      show(agent.operations),
      '"card.read" among them',
      'Add "card.read", or remove publicCard.',
    )
}

/**
 * Matches headers that have another meaning, or that belong to the gateway. A route must not choose
 * any of them for the caller's token.
 */
const NO_TOKEN_HEADER = /^(?:authorization|proxy-|cookie|set-cookie|host|origin|content-|sec-|x-sallyport)/

function checkTokenHeader(
  { tokenHeader, public: isPublic, forwardHeaders = [], trust = [] }: Route,
  report: Report,
): void {
  if (tokenHeader === undefined) return
  if (isPublic) report('tokenHeader', show(tokenHeader), 'nothing, on a public route', 'Remove the setting.')
  if (NO_TOKEN_HEADER.test(tokenHeader))
    report('tokenHeader', show(tokenHeader), 'a header that has no other meaning', 'Choose another.')
  if (tokenHeader === KEY_HEADER && trust.some(isApiKeys))
    report('tokenHeader', show(tokenHeader), 'another header, because API keys use this one', 'Choose another.')
  if (forwardHeaders.includes(tokenHeader))
    report(
      'forwardHeaders',
      show(tokenHeader),
      'a header other than tokenHeader',
      'Remove the header: the agent never receives the token.',
    )
}
