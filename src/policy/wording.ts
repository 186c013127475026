import type { Caller } from '../caller'
import type { Condition, Policy } from '../config/define'
import type { Mismatch } from '../errors/refusal'
import { evaluate, holds } from './condition'
import { covers } from './operation'
import type { Reason } from './reason'

/**
 * The most characters of a list in words. Longer lists are cut, because an audit line has a limited
 * length.
 */
const MOST_CHARS = 200

const listed = (value: string | readonly string[], between: string): string =>
  [value].flat().join(between).slice(0, MOST_CHARS) || 'none'

/**
 * Returns a condition in words, such as `role member or admin`; `anybody` if the rule has no
 * condition.
 */
export function wordsOf(when: Condition | undefined): string {
  if (!when) return 'anybody'
  const { claim, all, any, not, caller, ...lists } = when
  return [
    ...Object.entries(lists).map(([name, value]) => value && `${name} ${listed(value, ' or ')}`),
    claim && `claim ${JSON.stringify(claim)}`,
    caller && `a ${caller}`,
    all?.map(wordsOf).join(' and '),
    any && `(${any.map(wordsOf).join(' or ')})`,
    not && `not (${wordsOf(not)})`,
  ]
    .filter(Boolean)
    .join(' and ')
}

/**
 * For each reason, a function that returns the property of the caller that the reason is about, as
 * text. Values of claims are not shown, because they may be personal.
 */
const parts: Partial<Readonly<Record<Reason, (caller: Caller) => string>>> = {
  'role-missing': ({ roles }) => `roles ${listed(roles, ', ')}`,
  'scope-missing': ({ scopes }) => `scopes ${listed(scopes, ' ')}`,
  'issuer-differs': ({ issuerId }) => `issuer ${issuerId}`,
  'tenant-differs': ({ tenant = 'none' }) => `tenant ${tenant}`,
  'caller-kind-differs': ({ kind }) => `a ${kind}`,
  'claim-differs': () => 'another value, or none',
  excluded: () => 'a caller that the rule excludes',
}

/**
 * Says in words which properties a caller has and which ones a policy asks for. Only the
 * operator sees this text.
 * @param policy that denied the operation for these reasons
 */
export function mismatchOf(
  { id, allow, deny = [] }: Policy,
  caller: Caller,
  operation: string,
  reasons: readonly Reason[],
): Mismatch {
  const speaking = (rule: Policy['allow'][number]) => rule.operations.some((each) => covers(each, operation))
  const setting = `policies/${id}.ts`
  if (reasons.includes('denied-by-rule')) {
    const denying = deny.find((rule) => speaking(rule) && (!rule.when || holds(evaluate(rule.when, caller))))
    return { found: `deny rule "${denying?.name}", for ${wordsOf(denying?.when)}`, expected: 'no such rule', setting }
  }
  const found = reasons.flatMap((reason) => parts[reason]?.(caller) ?? [])
  const expected = allow.filter(speaking).map(({ name, when }) => `${wordsOf(when)} (rule "${name}")`)
  return {
    found: found.join(', ') || operation,
    expected: expected.join(', or ') || 'an operation that a rule allows',
    setting,
  }
}
