import { isKept } from '../authentication/jwt/principal'
import type { Route } from './define'
import { show } from './fault'
import type { Condition } from './policy-schema'
import type { About } from './report'
import { issuersIn } from './trust'

/**
 * Checks that `keepRoles` keeps every role that a rule names. A rule never matches a role that an
 * issuer drops, so a rule of `deny` would let the person in.
 */
export function checkKeptRoles({ trust, policies = [] }: Route, about: About): void {
  for (const issuer of issuersIn(trust))
    for (const { id, allow, deny = [] } of policies)
      for (const [list, rules] of Object.entries({ allow, deny }))
        for (const [index, { when }] of rules.entries())
          for (const role of when ? rolesIn(when) : [])
            if (!isKept(role, { keepRoles: issuer.keepRoles }))
              about(`policies/${id}.ts`)(
                `${list}[${index}].when.role`,
                `${show(role)}, which keepRoles of policies/${issuer.id}.ts drops`,
                'a role that every issuer of the route keeps',
                `Add ${show(role)} to keepRoles.`,
              )
}

/** Returns the roles that a condition names, at any depth. */
function rolesIn({ role = [], all = [], any = [], not }: Condition): string[] {
  const own = typeof role === 'string' ? [role] : role
  return [...own, ...[...all, ...any, ...(not ? [not] : [])].flatMap(rolesIn)]
}
