import { withoutSecrets } from './check/secrets'

/*
 * Commands print only through this module, which removes secrets. A value in the project's files
 * may be a secret that a user wrote in the wrong place.
 */

export const say = (text: string): void => console.log(commandsHere(withoutSecrets(text)))

export const complain = (text: string): void => console.error(commandsHere(withoutSecrets(text)))

/**
 * Replaces `npx sallyport` by an npm script in texts, if a command runs in Sallyport's own
 * repository.
 */
export const commandsHere = (text: string): string =>
  process.env.SALLYPORT_REPOSITORY ? text.replace(/npx sallyport (\w+)/g, 'npm run -s $1 --') : text
