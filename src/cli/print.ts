import { withoutSecrets } from './check/secrets'

/*
 * All that commands print goes through here: a value of the project's files may be a secret that somebody wrote in the wrong place.
 */

export const say = (text: string): void => console.log(withoutSecrets(text))

export const complain = (text: string): void => console.error(withoutSecrets(text))
