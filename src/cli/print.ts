import { withoutSecrets } from './check/secrets'

/*
 * All that commands print goes through here: a value of the project's files may be a secret that
 * somebody wrote in the wrong place.
 */

export const say = (text: string): void => console.log(commandsHere(withoutSecrets(text)))

export const complain = (text: string): void => console.error(commandsHere(withoutSecrets(text)))

/** In this package's own repository the command is not installed: npm runs it. */
export const commandsHere = (text: string): string =>
  process.env.SALLYPORT_REPOSITORY ? text.replace(/npx sallyport (\w+)/g, 'npm run -s $1 --') : text
