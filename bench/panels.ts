import type { Figures } from './cases.ts'
import type { Bar, Panel } from './chart.ts'
import type { StreamFigures } from './groups/streams.ts'
import type { Spread } from './statistics.ts'
import type { Section } from './table.ts'

/** Returns the panels of the chart: the cost, the latency, and the streams. */
export function panelsOf(sections: readonly Section[]): Panel[] {
  const of = <T>(id: string) => (sections.find((section) => section.id === id)?.figures ?? []) as readonly T[]
  const peersOf = (tokens: 'known' | 'new') =>
    of<Figures>('peers').filter(({ id }) => id === 'floor' || id.endsWith(` ${tokens}`))
  const streams = of<StreamFigures>('streams').filter(({ title }) => title !== 'origin alone')
  return [
    {
      title: 'CPU of a request with a token that was seen before, µs',
      digits: 0,
      bars: sorted(peersOf('known').map((each) => bar(each.title, each.cpuMicros))),
    },
    {
      title: 'CPU of a request with a new token, µs',
      digits: 0,
      bars: sorted(peersOf('new').map((each) => bar(each.title, each.cpuMicros))),
    },
    {
      title: 'Latency added to the agent’s own, median at low load, ms',
      digits: 2,
      bars: sorted(peersOf('known').flatMap((each) => (each.addedP50Ms ? [bar(each.title, each.addedP50Ms)] : []))),
    },
    {
      title: 'CPU of an event of a stream that is written slowly, µs',
      digits: 1,
      bars: sorted(streams.map((each) => bar(each.title, each.pacedCpuMicros))),
    },
  ]
}

const bar = (title: string, { median, least, most }: Spread): Bar => ({
  label: title.replace(/, (known|new) token$/, ''),
  value: median,
  least,
  most,
  isOurs: title.startsWith('Sallyport'),
})

const sorted = (bars: readonly Bar[]): Bar[] => [...bars].sort((a, b) => a.value - b.value)
