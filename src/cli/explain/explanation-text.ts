import type { Explanation, Step } from '../../authentication/jwt/explain'
import type { LoadedRoute } from '../../config/loaded-route'

/**
 * Formats an explanation of a token for a person to read.
 * @param routes the routes that the explanation is about
 * @param notes lines about an `iss` that no route trusts
 */
export function explanationText(
  { steps, verdict, issuer, principal }: Explanation,
  routes: readonly LoadedRoute[],
  notes: readonly string[] = [],
): string {
  const lines = steps.map((step) => stepText(step, step.on === 'iss' ? notes : []))
  if (verdict === 'accepted') {
    const isSure = steps.every(({ passed }) => passed)
    const signed = isSure ? '' : ', if its signature is good'
    lines.push('', `The gateway accepts this token${signed}. Policies and revocations are not checked here.`)
  } else {
    const code = verdict === 'expired' ? 'token-expired' : 'token-invalid'
    lines.push('', `The gateway refuses this token: ${code}${verdict === 'expired' ? '' : `, reason "${verdict}"`}.`)
  }
  if (principal) {
    const { kind, userId, roles, scopes, tenant, email, name, client } = principal
    lines.push(
      `${verdict === 'accepted' ? 'The caller is' : 'If it were accepted, the caller would be'} a ${kind === 'service' ? 'service' : 'person'}:`,
      field('user id', userId),
      field('roles', roles.join(', ')),
      field('scopes', scopes.join(' ')),
      field('tenant', tenant),
      field('email', email),
      field('name', name),
      field('client', client),
    )
  }
  const open = routes.filter(({ trust }) => trust.issuers.some((each) => each.issuer === issuer?.issuer))
  if (issuer) lines.push(`Routes that trust this issuer: ${open.map(({ path }) => path).join(', ') || 'none'}`)
  return lines.join('\n')
}

const field = (name: string, value: string | undefined): string => `  ${name.padEnd(9)}${value || 'none'}`

/** Returns one line for a check that passed, and one line for each detail of any other check. */
function stepText({ on, passed, found, expected, setting }: Step, notes: readonly string[]): string {
  if (passed) return `✓ ${on}: ${found} (expected ${expected}${setting === undefined ? '' : `; setting ${setting}`})`
  return [
    `${passed === undefined ? '?' : '✗'} ${on}`,
    `    found     ${found}`,
    `    expected  ${expected}`,
    ...(setting === undefined ? [] : [`    setting   ${setting}`]),
    ...notes.map((note) => `    note      ${note}`),
  ].join('\n')
}
