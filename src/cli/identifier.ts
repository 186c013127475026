/** Reserved words of JavaScript, which cannot be the name of a variable. */
const RESERVED = new Set(
  (
    'arguments await break case catch class const continue debugger default delete do else enum eval export extends false ' +
    'finally for function if implements import in instanceof interface let new null package private protected public return ' +
    'static super switch this throw true try typeof var void while with yield'
  ).split(' '),
)

/** Turns an id into a JavaScript name: `support-desk` becomes `supportDesk`. */
export function identifier(id: string): string {
  const name = id.replace(/[^A-Za-z0-9]+(\w)/g, (_, letter: string) => letter.toUpperCase()).replace(/\W/g, '')
  return RESERVED.has(name) ? `${name}_` : name
}
