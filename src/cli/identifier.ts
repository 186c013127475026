/** Words that no variable may have as its name, in a module. */
const RESERVED = new Set(
  (
    'arguments await break case catch class const continue debugger default delete do else enum eval export extends false ' +
    'finally for function if implements import in instanceof interface let new null package private protected public return ' +
    'static super switch this throw true try typeof var void while with yield'
  ).split(' '),
)

/** A name as JavaScript writes it: `support-desk` is `supportDesk`. */
export function identifier(id: string): string {
  const name = id.replace(/[^A-Za-z0-9]+(\w)/g, (_, letter: string) => letter.toUpperCase()).replace(/\W/g, '')
  return RESERVED.has(name) ? `${name}_` : name
}
