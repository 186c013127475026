import type { Condition, Policy } from '../config/define'

/**
 * Returns every scope that a rule of these policies asks for. Clients request these scopes at
 * sign-in.
 */
export function scopesOf(policies: readonly Policy[]): readonly string[] {
  const conditions = policies.flatMap(({ allow }) => allow.flatMap(({ when }) => (when ? [when] : [])))
  return [...new Set(conditions.flatMap(scopesIn))]
}

function scopesIn({ scope = [], all = [], any = [] }: Condition): readonly string[] {
  return [...(typeof scope === 'string' ? [scope] : scope), ...[...all, ...any].flatMap(scopesIn)]
}
