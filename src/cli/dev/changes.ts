import type { Route } from '../../config/define'
import type { Staged } from './stage'

type Compared = Pick<Staged, 'routes' | 'variables'>

/**
 * Lists the differences between two configurations: routes with their ids, and variables with their
 * names but not their values.
 */
export function changesBetween(before: Compared, after: Compared): string[] {
  const old = new Map(before.routes.map((route) => [route.id, route]))
  const now = new Map(after.routes.map((route) => [route.id, route]))
  const names = [...new Set([...Object.keys(before.variables), ...Object.keys(after.variables)])]
  const changed = names.filter((name) => before.variables[name] !== after.variables[name])
  return [
    ...[...now.keys()].filter((id) => !old.has(id)).map((id) => `route ${id} is new`),
    ...[...old.keys()].filter((id) => !now.has(id)).map((id) => `route ${id} is gone`),
    ...[...now].flatMap(([id, route]) => {
      const parts = partsOf(old.get(id), route)
      return parts.length === 0 ? [] : [`${parts.join(', ')} of route ${id}`]
    }),
    ...changed.map((name) => `variable ${name}`),
  ]
}

function partsOf(before: Route | undefined, after: Route): string[] {
  if (!before) return []
  const fields = [...new Set([...Object.keys(before), ...Object.keys(after)])] as (keyof Route)[]
  return fields.filter((field) => JSON.stringify(before[field]) !== JSON.stringify(after[field]))
}
