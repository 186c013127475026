/** Checks the rate limits of policies against the Worker's bindings, and prepares them for use. */
import type { Limiter, Rate } from '../limits/rate'
import { covers } from '../policy/operation'
import type { Policy } from './define'
import { binding, type Environment } from './env'
import { show } from './fault'
import type { About } from './report'

const limiterOf = (environment: Environment, name: string): Limiter | undefined =>
  binding<Limiter>(environment, name, 'limit')

/** Checks the rate limits of one route's policies. */
export function checkRates(policies: readonly Policy[] = [], environment: Environment, about: About): void {
  for (const { id: policy, rates = [] } of policies) {
    rates.forEach(({ name, per, binding: bound, operations }, index) => {
      const report = about(`policies/${policy}.ts`)
      if (!limiterOf(environment, bound))
        report(
          `rates[${index}].binding`,
          `${show(bound)}, which is not bound`,
          'the name of a ratelimits binding',
          `Bind it in wrangler.toml: [[ratelimits]] name = "${bound}", a namespace_id, and simple = { limit, period }.`,
        )
      if (per === 'address' && operations)
        report(
          `rates[${index}].operations`,
          show(operations),
          "nothing, with per: 'address'",
          'Remove the setting: requests per address are counted before their operation is known.',
        )
      if (rates.findIndex((other) => other.name === name) < index)
        report(`rates[${index}].name`, show(name), 'a name of its own', 'Rename one of them.')
    })
  }
}

export const compileRates = (policies: readonly Policy[] = [], environment: Environment): readonly Rate[] =>
  policies.flatMap(({ id: policy, rates = [] }) =>
    rates.flatMap(({ name, per, binding: bound, most, seconds, operations }) => {
      const limiter = limiterOf(environment, bound)
      const counts = (operation: string) => operations?.some((each) => covers(each, operation)) ?? true
      return limiter ? [{ name: `${policy}/${name}`, per, most, seconds, limiter, counts }] : []
    }),
  )
