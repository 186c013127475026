import type { AuditEvent } from '../../../audit/event'
import type { Reason } from '../../../policy/reason'
import { commandsHere } from '../../print'
import { remedyOf } from '../remedies'

/** The text for each reason why a policy or an API key does not allow an operation. */
const words: Readonly<Record<Reason, string>> = {
  'no-policy': 'the route has no policy, so it allows nothing',
  'credential-limited': 'the API key is limited to other operations',
  'no-rule-for-operation': 'it has no rule for this operation',
  'denied-by-rule': 'one of its deny rules covers this operation',
  'role-missing': 'the person lacks a role that the rule requires',
  'scope-missing': 'the token lacks a scope that the rule requires',
  'claim-differs': 'a claim of the token does not have the value that the rule requires',
  'issuer-differs': 'the rule requires another issuer',
  'tenant-differs': 'the person has no tenant, or another tenant than the rule requires',
  'caller-kind-differs': 'the rule is for people and the caller is a service, or the other way round',
  excluded: 'a `not` condition of the rule excludes this caller',
}

/** Details of a refusal that the page of `sallyport dev` shows. The caller gets fewer details. */
export interface RefusalText {
  readonly lines: readonly string[]
  readonly remedy: string | undefined
}

export function refusalText(event: AuditEvent): RefusalText {
  const { decision, mismatch, operations = [] } = event
  const denied =
    decision?.effect === 'deny'
      ? [
          `To do ${operations.join(', ')}, policy ${decision.policy ?? '(none)'} must allow this: ${decision.reasons.map((reason) => words[reason]).join('; ')}.`,
        ]
      : []
  const differs = mismatch
    ? [
        `Found ${mismatch.found}; expected ${mismatch.expected}${mismatch.setting === undefined ? '' : ` (${mismatch.setting})`}.`,
      ]
    : []
  const remedy = remedyOf(event)
  return { lines: [...denied, ...differs], remedy: remedy && commandsHere(remedy) }
}
