/**
 * One error that says what happened, who can mend it and how. One place (the API's error handler, the CLI's last
 * catch) turns it into a reply; nothing else formats errors.
 */

export const whoCanMend = ['you', 'owner', 'operator', 'vendor', 'developer'] as const
export type WhoCanMend = (typeof whoCanMend)[number]

type Kind = { readonly status: number; readonly title: string; readonly who: WhoCanMend }

/** Every code that leaves the system, with its HTTP status. The code is stable; the title may be reworded. */
export const problems = {
  'bad-request': { status: 400, title: 'The request is not of the expected form', who: 'you' },
  'out-of-bounds': { status: 400, title: 'The command asks for more than is allowed', who: 'you' },
  'no-such-command': { status: 404, title: 'There is no such command for this device', who: 'you' },
  'invalid-login': { status: 400, title: 'Wrong user name or password', who: 'you' },
  'not-signed-in': { status: 403, title: 'Sign in first', who: 'you' },
  'not-allowed': { status: 403, title: 'Your account may not do this', who: 'owner' },
  'no-such-house': { status: 403, title: 'There is no such house, or it is not yours to see', who: 'you' },
  'no-such-device': { status: 404, title: 'There is no such device in this house', who: 'you' },
  'no-such-integration': { status: 404, title: 'There is no such kind of device', who: 'you' },
  'no-such-room': { status: 404, title: 'There is no such room in this house', who: 'you' },
  'no-such-loop': { status: 404, title: 'There is no such control loop in this house', who: 'you' },
  'no-such-plan': { status: 404, title: 'There is no plan of that time for this house', who: 'you' },
  'no-such-shared-cap': { status: 404, title: 'There is no shared power cap of that name', who: 'you' },
  'no-such-user': { status: 404, title: 'There is no such user', who: 'you' },
  'not-found': { status: 404, title: 'There is nothing at this address', who: 'you' },
  'not-acceptable': { status: 406, title: 'None of the formats asked for is to be had here', who: 'you' },
  'unsupported-media-type': { status: 415, title: 'The body is of a kind that is not read here', who: 'you' },
  'body-too-large': { status: 413, title: 'The body is too large', who: 'you' },
  conflict: { status: 409, title: 'That is there already', who: 'you' },
  'too-many-requests': { status: 429, title: 'Too many attempts; wait a while', who: 'you' },
  'too-much-data': { status: 413, title: 'More than can be answered at once', who: 'you' },
  'engine-down': { status: 503, title: 'A database or the broker does not answer', who: 'operator' },
  'no-connector': { status: 503, title: 'No connector is running that could do this', who: 'operator' },
  'disk-full': { status: 507, title: 'There is no room left to keep data', who: 'operator' },
  'internal-error': { status: 500, title: 'Something broke on our side', who: 'developer' },
} as const satisfies Record<string, Kind>

export type ProblemCode = keyof typeof problems

/** An error with a stable code. `detail` is shown to the person and must hold no secret; `extra` goes out as further members. */
export class ProblemError extends Error {
  readonly code: ProblemCode
  readonly detail: string | undefined
  readonly extra: Readonly<Record<string, unknown>>
  constructor(code: ProblemCode, detail?: string, extra: Readonly<Record<string, unknown>> = {}) {
    super(detail ?? problems[code].title)
    this.name = 'ProblemError'
    this.code = code
    this.detail = detail
    this.extra = extra
  }
}

/** `throw Problem('no-such-house')`. */
export const Problem = (code: ProblemCode, detail?: string, extra?: Readonly<Record<string, unknown>>): ProblemError =>
  new ProblemError(code, detail, extra)

/** The body of a problem as RFC 9457 has it, with `who` can mend it besides. */
export const problemBody = (problem: ProblemError) => ({
  type: `/problems/${problem.code}`,
  title: problems[problem.code].title,
  status: problems[problem.code].status,
  ...(problem.detail === undefined ? {} : { detail: problem.detail }),
  code: problem.code,
  who: problems[problem.code].who,
  ...problem.extra,
})
