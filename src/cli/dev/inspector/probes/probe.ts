import type { LoadedRoute } from '../../../../config/loaded-route'
import type { Observed } from '../received'

/**
 * Looks at an agent's answer.
 * @returns a sentence that says what is wrong, with the missing line
 */
export type Probe = (observed: Observed, route: LoadedRoute) => string | undefined | Promise<string | undefined>
