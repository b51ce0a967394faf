/** The API as the page uses it. One function per question; every failure is a `Problem` with words for a person. */

export type Problem = {
  readonly title: string
  readonly detail?: string
  readonly status: number
  readonly code?: string
}

export class ApiError extends Error {
  readonly problem: Problem
  constructor(problem: Problem) {
    super(problem.detail ?? problem.title)
    this.problem = problem
  }
}

async function ask<Answer>(path: string, method = 'GET', body?: unknown, signal?: AbortSignal): Promise<Answer> {
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
    throw new ApiError({ status: 0, title: 'The server does not answer', detail: 'Is it running? It is tried again.' })
  }
  const text = await response.text()
  const answer = text === '' ? undefined : JSON.parse(text)
  if (!response.ok) throw new ApiError(answer ?? { status: response.status, title: response.statusText })
  return answer as Answer
}

export type House = { readonly id: number; readonly name: string }
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
  readonly state: string
  readonly reason: string | null
  readonly since: string | null
  readonly restarts: number
  readonly last_sample: string | null
  readonly next_try: string | null
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
export const devices = (houseId: number) => ask<Device[]>(`/api/houses/${houseId}/devices`)
export const newest = async (houseId: number) =>
  (await ask<{ readonly newest: Newest[] }>(`/api/houses/${houseId}/newest`)).newest
export const data = (houseId: number, question: Question, signal?: AbortSignal) =>
  ask<Answer>(`/api/houses/${houseId}/data`, 'POST', question, signal)
