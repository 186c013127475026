import { Refusal } from '../errors/refusal'
import type { Decision } from './decide'

/** @throws Refusal `scope-insufficient` where scopes would open the door, otherwise `policy-denied` */
export function enforce(decision: Decision): void {
  if (decision.effect === 'allow') return
  const { scopes, reasons } = decision
  if (scopes.length > 0) throw new Refusal('scope-insufficient', reasons.join(' '), { scopes })
  throw new Refusal('policy-denied', reasons.join(' '))
}
