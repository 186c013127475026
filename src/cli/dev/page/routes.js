import { byId, element } from './dom.js'

/**
 * Shows a tab for each route.
 * @param onChoose is called with the chosen route
 */
export function showTabs(routes, shown, onChoose) {
  byId('routes').replaceChildren(
    ...routes.map((route) => {
      const attributes = {
        'aria-pressed': String(route.id === shown.id),
        'data-route': route.id,
        'data-listens': String(route.listens ?? 'unknown'),
      }
      const notes = [route.kind !== route.id && route.kind, route.listens === false && 'not running'].filter(Boolean)
      const tab = element('button', attributes, element('b', {}, route.id), notes.length > 0 && ` ${notes.join(', ')}`)
      tab.addEventListener('click', () => onChoose(route))
      return tab
    }),
  )
}

/** Shows the agent of a route, and warnings about problems. */
export function showRoute(route, gateway) {
  const { path, agent, kind, listens, isForLocalPeople, isPublic, notices } = route
  const warnings = [
    listens === false && `Nothing listens at ${agent}. Start your agent there.`,
    !isForLocalPeople &&
      !isPublic &&
      'The address of this agent is the one in production, so local people cannot use the route. Set its variable in .dev.vars, or paste a token of your provider.',
    ...notices,
  ].filter(Boolean)
  byId('route').replaceChildren(
    element(
      'p',
      { class: 'aside' },
      element('code', {}, gateway + path),
      ' leads to ',
      element('code', {}, agent),
      ` (${kind})`,
    ),
    ...warnings.map((text) => element('p', { class: 'warning', 'data-testid': 'warning' }, text)),
  )
}
