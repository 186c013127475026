import type { AuditEvent } from '../../audit/event'
import type { RefusalCode } from '../../errors/refusals'

/**
 * A hint for the developer on how to correct each refusal. Undefined if the refusal's own text is
 * enough. A new refusal code does not compile without an entry here.
 */
const remedies: Readonly<Record<RefusalCode, string | undefined>> = {
  'path-not-canonical': 'Send the path without empty segments, encoded slashes and unneeded percent-encoding.',
  'path-too-long': undefined,
  'host-unknown': 'Call the gateway by the address that npm start prints.',
  'route-unknown': 'npx sallyport routes lists the paths that exist.',
  'operation-unknown':
    'npx sallyport routes lists the operations of this route. agent.operations opens more. For CopilotKit, also see agent.style.',
  'thread-unknown': 'The thread does not exist, or another person started it. Start a new thread.',
  'method-not-allowed': undefined,
  'cors-origin-refused': 'Add the web origin to cors.origins of the route.',
  'credential-ambiguous': undefined,
  'token-in-url': undefined,
  'token-missing':
    'Get a token for a local person: npx sallyport token NAME. NAME is alice, unless people.json has other names.',
  'token-invalid': 'npx sallyport explain --dev --token FILE shows every check.',
  'token-expired': 'Get a fresh token. An app should ask its identity provider for one before each request.',
  'policy-denied':
    'Give the person the missing role, scope or claim (in people.json, or at your identity provider), or change the rule.',
  'scope-insufficient':
    'Ask for the scope at sign-in. The person must be allowed to have it (local people: scopes in people.json).',
  'tenant-missing':
    'Set claims.tenant of the issuer to the claim that names the tenant. For local people, set "tenant" in people.json.',
  'field-forbidden': undefined,
  'body-invalid': 'Send one JSON document in the form that the protocol of the agent defines.',
  'header-mismatch': undefined,
  'rate-limited':
    'To allow more, raise `most` of the rate in the policy, and the limit of its binding in wrangler.toml.',
  'body-too-slow': undefined,
  'gateway-busy': undefined,
  'body-too-large': 'To allow more, raise limits.bodyBytes of the route.',
  'media-type-refused': 'Send content-type: application/json.',
  'upgrade-refused': undefined,
  'assertion-too-large': 'Set keepRoles of the issuer to the roles that the agent needs.',
  'client-gone': undefined,
  'loop-detected': 'The address of the agent leads back to the gateway. Correct the address.',
  'origin-unreachable': 'Start the agent, or correct its address. npm start lists the address of each route.',
  'origin-reply-refused': undefined,
  'origin-unauthorized':
    'The agent expects another credential. Set agent.credential of the route, or correct the settings of the agent.',
  'origin-busy': undefined,
  'origin-timeout': 'To allow more time, raise limits.firstByteSeconds of the route.',
  'keys-unavailable': 'npx sallyport check --online shows what the identity provider answers.',
  'api-keys-unavailable': 'The line api-keys-unreachable above says why the KV namespace did not answer.',
  'revocations-unavailable': 'The line revocations-unreachable above says why the Durable Object did not answer.',
  'route-closed': 'sallyport revoke open ROUTE opens the route again.',
  'signing-unavailable': 'Make signing keys. The command "npx sallyport keys" shows how.',
  'configuration-incomplete': 'Set the secret in .dev.vars.',
  'internal-error': 'This is a fault of the gateway. The lines above say more.',
}

/**
 * Returns a hint for a refused request. Returns undefined if the request was not refused, or if its
 * refusal has no hint.
 */
export function remedyOf({ code, reason }: Pick<AuditEvent, 'code' | 'reason'>): string | undefined {
  if (code === 'token-invalid' && reason?.startsWith('revoked '))
    return 'An operator revoked this access. npx sallyport revoke list shows the entry; npx sallyport revoke undo removes it.'
  return code === undefined ? undefined : remedies[code]
}
