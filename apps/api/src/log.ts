/** The log of the api: JSON lines, without anything that opens a door. */
import { pino } from 'pino'

/** Even when somebody logs a whole request, these stay out. */
const secret = ['authorization', 'cookie', 'set-cookie', 'password', 'token', 'credentials', 'current_password']

export const makeLog = (level: string) =>
  pino({
    name: 'api',
    level,
    base: { role: 'api' },
    redact: { paths: secret.flatMap((name) => [`["${name}"]`, `*["${name}"]`, `*.*["${name}"]`]), censor: '…' },
    serializers: {
      req: ({ method, routeOptions }: { method?: string; routeOptions?: { url?: string } }) => ({
        method,
        route: routeOptions?.url,
      }),
    },
  })
