import type { Route } from '../config/define'
import { policiesOf, runExamples } from './examples'

/**
 * Runs the examples of all policies of these routes.
 * @returns a sentence for each example that fails; none if all pass
 */
export function failedExamples(routes: readonly Route[]): string[] {
  return policiesOf(routes).flatMap((policy) =>
    runExamples(policy, routes).map(
      ({ index, does, expected, found }) =>
        `policies/${policy.id}.ts, examples[${index}]: ${does} is ${WORDS[found] ?? found}, and the example says ${expected}`,
    ),
  )
}

const WORDS: Readonly<Record<string, string>> = { allow: 'allowed', deny: 'denied' }
