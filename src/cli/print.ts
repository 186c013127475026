import { withoutSecrets } from './check/secrets'

/*
 * Commands print only through this module: a value of the project's files may be a secret that a
 * person wrote in the wrong place.
 */

export const say = (text: string): void => console.log(commandsHere(withoutSecrets(text)))

export const complain = (text: string): void => console.error(commandsHere(withoutSecrets(text)))

/**
 * Names commands as npm scripts in this package's own repository, where the command is not
 * installed.
 */
export const commandsHere = (text: string): string =>
  process.env.SALLYPORT_REPOSITORY ? text.replace(/npx sallyport (\w+)/g, 'npm run -s $1 --') : text
