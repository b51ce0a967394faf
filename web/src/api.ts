/** The API as the page uses it. One function per question; every failure is a `Problem` with words for a person. */

export type Problem = {
  readonly title: string
  readonly detail?: string
  readonly status: number
  readonly code?: string
  /** What is wrong with each part of what was sent. */
  readonly errors?: readonly { readonly path: string; readonly expected: string }[]
}

export class ApiError extends Error {
  readonly problem: Problem
  constructor(problem: Problem) {
    super(problem.detail ?? problem.title)
    this.problem = problem
  }
}

/** @throws ApiError with the problem as the server said it */
export async function ask<Answer>(path: string, method = 'GET', body?: unknown, signal?: AbortSignal): Promise<Answer> {
  let response: Response
  try {
    response = await fetch(path, {
      method,
      headers: { accept: 'application/json', ...(body === undefined ? {} : { 'content-type': 'application/json' }) },
      body: body === undefined ? undefined : JSON.stringify(body),
      signal,
    })
  } catch (error) {
    if (signal?.aborted) throw error
    // Only what is read is asked for again.
    const detail =
      method === 'GET' || signal
        ? 'Is it running? It is tried again.'
        : 'Is it running? What you asked for may not have reached it, and is not sent again.'
    throw new ApiError({ status: 0, title: 'The server does not answer', detail })
  }
  const text = await response.text()
  const answer = parse(text)
  if (!response.ok) throw new ApiError(problemOf(answer, response))
  return answer as Answer
}

/** A proxy on the way may answer with a page of its own. */
function parse(text: string): unknown {
  try {
    return text === '' ? undefined : JSON.parse(text)
  } catch {
    return undefined
  }
}

const problemOf = (answer: unknown, { status, statusText }: Response): Problem =>
  typeof answer === 'object' && answer !== null && 'title' in answer
    ? (answer as Problem)
    : { status, title: statusText === '' ? `The server answers ${status}` : statusText }

export type House = {
  readonly id: number
  readonly name: string
  readonly timezone: string
  readonly latitude: number | null
  readonly longitude: number | null
  /** What I am in it. */
  readonly role: 'owner' | 'resident' | 'reader' | 'admin'
}
export type HouseForm = {
  readonly name: string
  readonly timezone: string
  readonly latitude: number | null
  readonly longitude: number | null
}
export type Device = {
  readonly id: number
  readonly device: number
  readonly name: string
  /** What the owner calls it. */
  readonly label: string | null
  /** What kind of device it is, in words. */
  readonly title: string
  readonly count: number
  readonly group: string
  readonly desired: string
  readonly state: string
  readonly reason: string | null
  readonly since: string | null
  readonly restarts: number
  readonly last_sample: string | null
  readonly next_try: string | null
  /** The vendor wants a code that it sends. */
  readonly sign_in?: { readonly channels: readonly Channel[] }
  readonly places?: readonly Place[]
  readonly uptime_30d?: number | null
}
export type Channel = 'sms' | 'email'
export type Place = {
  readonly place: string
  readonly location: string
  readonly name: string
  readonly last_seen: string
}
export type Newest = {
  readonly group: string
  readonly field: string
  readonly unit: string | null
  readonly device: string
  readonly count: number
  readonly location: string
  readonly time: string
  readonly value: number | boolean | string
}
export type Series = {
  readonly device: string
  readonly count: number
  readonly location: string
  readonly times: readonly string[]
  readonly values: readonly (number | boolean | string | null)[]
}
export type Answer = { readonly unit: string | null; readonly series: readonly Series[] }
export type Question = {
  readonly group: string
  readonly field: string
  readonly device?: string
  readonly location?: string
  readonly start: string
  readonly end: string
}

export const signIn = (username: string, password: string) => ask('/api/auth/login/', 'POST', { username, password })
export const signOut = () => ask('/api/auth/logout/', 'POST')
export const setUp = (form: { token: string; username: string; password: string; email: string }) =>
  ask('/api/setup', 'POST', form)
export const houses = () => ask<House[]>('/api/houses/')
export const house = (id: number) => ask<House>(`/api/houses/${id}`)
/** A place that is not given is left out: a new house takes no null. */
export const addHouse = ({ latitude, longitude, ...form }: HouseForm) =>
  ask<House>('/api/houses/new', 'POST', {
    ...form,
    ...(latitude === null ? {} : { latitude }),
    ...(longitude === null ? {} : { longitude }),
  })
export const changeHouse = (id: number, form: HouseForm) => ask<House>(`/api/houses/${id}`, 'PATCH', form)
export const deleteHouse = (id: number) => ask<House>(`/api/houses/${id}`, 'DELETE')
export const devices = (houseId: number) => ask<Device[]>(`/api/houses/${houseId}/devices`)
export const newest = async (houseId: number) =>
  (await ask<{ readonly newest: Newest[] }>(`/api/houses/${houseId}/newest`)).newest
export const data = (houseId: number, question: Question, signal?: AbortSignal) =>
  ask<Answer>(`/api/houses/${houseId}/data`, 'POST', question, signal)
