import type { Policy } from '../../config/define'
import type { Fault } from '../../config/fault'
import { type Deployment, prefixOf } from '../deployments'

interface Bound {
  readonly name: string
  readonly namespace_id: string
  readonly simple: { readonly limit: number; readonly period: number }
}

/**
 * Compares the rate limits of policies with the `ratelimits` bindings of wrangler's file, which
 * count the requests.
 */
export function rateFaults(deployment: Deployment, file: string, policies: readonly Policy[]): Fault[] {
  const bound: readonly Bound[] = deployment.config.ratelimits ?? []
  const at = prefixOf(deployment)
  const rates = policies.flatMap(({ id, rates: own = [] }) => own.map((rate, index) => ({ id, rate, index })))
  const compared = rates.flatMap(({ id, rate, index }) => {
    const limiter = bound.find(({ name }) => name === rate.binding)
    // `checkRates`, which also runs when the Worker starts, reports a missing binding.
    if (!limiter) return []
    const { limit, period } = limiter.simple
    if (limit === rate.most && period === rate.seconds) return []
    return [
      {
        file: `policies/${id}.ts`,
        path: `rates[${index}]`,
        found: `${rate.most} in ${rate.seconds} seconds`,
        expected: `${limit} in ${period} seconds, as ${file} has it at ${at}ratelimits ${rate.binding}`,
        remedy:
          'Make the two equal. Cloudflare applies the limit in the file, but callers are told the limit in the policy.',
      },
    ]
  })
  const shared = rates.flatMap(({ id, rate, index }) => {
    const first = rates.find((other) => other.rate.binding === rate.binding)
    if (!first || (first.id === id && first.index === index)) return []
    return [
      {
        file: `policies/${id}.ts`,
        path: `rates[${index}].binding`,
        found: `${rate.binding}, as in policies/${first.id}.ts rates[${first.index}]`,
        expected: 'a binding of its own',
        remedy: `Add another [[ratelimits]] to ${file}, with a namespace_id of its own.`,
      },
    ]
  })
  const namespaces = bound.flatMap(({ name, namespace_id }) => {
    const first = bound.find((other) => other.namespace_id === namespace_id)
    if (!first || first.name === name) return []
    return [
      {
        file,
        path: `${at}ratelimits ${name}`,
        found: `namespace_id ${namespace_id}, as ${first.name} has`,
        expected: 'a namespace_id of its own',
        remedy: 'Choose another number: limiters of one namespace count together.',
      },
    ]
  })
  return [...compared, ...shared, ...namespaces]
}
