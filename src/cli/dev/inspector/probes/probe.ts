import type { LoadedRoute } from '../../../../config/loaded-route'
import type { Observed } from '../received'

/**
 * A function that looks for one kind of fault in an agent's answer.
 * @returns a sentence that says what is wrong, with the line that is missing; undefined if nothing
 * is wrong
 */
export type Probe = (observed: Observed, route: LoadedRoute) => string | undefined | Promise<string | undefined>
