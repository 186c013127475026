import type { LoadedRoute } from '../../../../config/loaded-route'
import type { Observed } from '../received'

/**
 * Looks at what an agent answers.
 * @returns what is wrong, in a sentence with the line that is missing
 */
export type Probe = (observed: Observed, route: LoadedRoute) => string | undefined | Promise<string | undefined>
