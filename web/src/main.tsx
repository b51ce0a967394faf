import '@mantine/core/styles.css'
import 'uplot/dist/uPlot.min.css'
import './page.css'
import { Alert, Badge, type CSSVariablesResolver, createTheme, Loader, MantineProvider } from '@mantine/core'
import { MutationCache, QueryCache, QueryClient, QueryClientProvider } from '@tanstack/react-query'
import { RouterProvider } from '@tanstack/react-router'
import { createRoot } from 'react-dom/client'
import { ApiError } from './api.ts'
import { router } from './router.tsx'

const theme = createTheme({
  primaryColor: 'cyan',
  primaryShade: 9,
  autoContrast: true,
  defaultRadius: 'md',
  cursorType: 'pointer',
  respectReducedMotion: true,
  // Their own colours have too little contrast on their own light grounds.
  components: {
    Alert: Alert.extend({ classNames: { title: 'plain', message: 'plain' } }),
    // Its name is heard only with a role.
    Loader: Loader.extend({ defaultProps: { role: 'status' } }),
    Badge: Badge.extend({ classNames: { label: 'plain' }, styles: { root: { flexShrink: 0 } } }),
  },
})

const darker = (colour: string) => `color-mix(in srgb, ${colour}, black 15%)`

/** Quiet text that still has the contrast of 4.5 which reading takes (WCAG 2.2, 1.4.3). */
const readable: CSSVariablesResolver = ({ colors }) => ({
  variables: {},
  light: {
    '--mantine-color-dimmed': colors.gray[7],
    '--mantine-color-anchor': colors.cyan[9],
    '--mantine-color-cyan-light-hover': colors.cyan[1],
    '--mantine-color-cyan-filled-hover': darker(colors.cyan[9]),
    '--mantine-color-red-filled-hover': darker(colors.red[9]),
  },
  dark: {
    '--mantine-color-dimmed': colors.dark[1],
    '--mantine-color-anchor': colors.cyan[4],
    '--mantine-color-cyan-filled-hover': darker(colors.cyan[9]),
    '--mantine-color-red-filled-hover': darker(colors.red[9]),
  },
})
/** The frame shows the form to sign in when its question is refused: a session that ended is noticed at the first answer. */
const noticeEnd = (error: Error, about?: readonly unknown[]) => {
  if (error instanceof ApiError && error.problem.code === 'not-signed-in' && about?.[0] !== 'houses')
    queries.invalidateQueries({ queryKey: ['houses'] })
}
const queries: QueryClient = new QueryClient({
  // Whether the server can be reached is found out by asking it: what waited for a network would be done long after it was
  // asked for, and what is shown would grow old without a word.
  defaultOptions: {
    queries: { retry: 1, staleTime: 10_000, networkMode: 'always', refetchOnReconnect: true },
    mutations: { networkMode: 'always' },
  },
  queryCache: new QueryCache({ onError: (error, { queryKey }) => noticeEnd(error, queryKey) }),
  mutationCache: new MutationCache({ onError: (error) => noticeEnd(error) }),
})

createRoot(document.getElementById('root') as HTMLElement).render(
  <MantineProvider theme={theme} cssVariablesResolver={readable} defaultColorScheme="auto">
    <QueryClientProvider client={queries}>
      <RouterProvider router={router} />
    </QueryClientProvider>
  </MantineProvider>,
)
