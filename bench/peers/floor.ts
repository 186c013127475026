/**
 * The simplest possible gateway in workerd: it forwards everything. Others are compared with it.
 */
export default {
  fetch(request: Request, { ORIGIN }: { ORIGIN: string }): Promise<Response> {
    const { pathname, search } = new URL(request.url)
    return fetch(ORIGIN + pathname + search, request)
  },
}
