/** The least that a gateway in workerd can do: forward everything. */
export default {
  fetch(request: Request, { ORIGIN }: { ORIGIN: string }): Promise<Response> {
    const { pathname, search } = new URL(request.url)
    return fetch(ORIGIN + pathname + search, request)
  },
}
