/** One line of an event's data, and what stands before it (HTML standard, "Server-sent events"). */
const DATA_LINE = /(?<=^|[\r\n])data:([^\r\n]*)/g

/**
 * Maps the data of events, each of which has it in one line, as every server of JSON does. Lines that are not data stay, and so
 * does all that the mapping leaves as it is.
 */
export async function dataLinesMapped(text: string, map: (data: string) => Promise<string>): Promise<string> {
  let mapped = ''
  let from = 0
  for (const line of text.matchAll(DATA_LINE)) {
    mapped += `${text.slice(from, line.index)}data: ${await map((line[1] ?? '').trim())}`
    from = line.index + line[0].length
  }
  return mapped + text.slice(from)
}
