import type { AuditEvent } from '../../../audit/event'
import type { Reason } from '../../../policy/reason'
import { commandsHere } from '../../print'
import { remedyOf } from '../remedies'

/** The text for each reason of a policy. */
const words: Readonly<Record<Reason, string>> = {
  'no-policy': 'the route has no policy, so that nothing is allowed',
  'credential-limited': 'the API key is limited to other operations',
  'no-rule-for-operation': 'no rule of it covers this operation',
  'denied-by-rule': 'a deny rule of it covers this',
  'role-missing': 'the person lacks a role that the rule asks for',
  'scope-missing': 'the token lacks a scope that the rule asks for',
  'claim-differs': 'a claim of the token is not what the rule asks for',
  'issuer-differs': 'the rule asks for another issuer',
  'tenant-differs': 'the person belongs to another tenant than the rule asks for, or to none',
  'caller-kind-differs': 'the rule is for people and this is a machine, or the other way round',
  excluded: 'a `not` of the rule holds for this caller',
}

/** More details of a refusal than the caller gets, for the developer who looks at the page. */
export interface RefusalText {
  readonly lines: readonly string[]
  readonly remedy: string | undefined
}

export function refusalText(event: AuditEvent): RefusalText {
  const { decision, mismatch, operations = [] } = event
  const denied =
    decision?.effect === 'deny'
      ? [
          `To do ${operations.join(', ')}, policy ${decision.policy ?? '(none)'} must allow it: ${decision.reasons.map((reason) => words[reason]).join('; ')}.`,
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
