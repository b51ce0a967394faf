import { createRootRoute, createRoute, createRouter } from '@tanstack/react-router'
import { HousePage } from './features/houses/house-page.tsx'
import { HousesPage } from './features/houses/houses-page.tsx'
import { Frame } from './features/session/frame.tsx'
import { SetupPage } from './features/session/setup-page.tsx'

const root = createRootRoute({ component: Frame })

/** What the chart shows stands in the address, so that a view can be kept and sent. */
export type ChartSearch = { readonly chart?: string; readonly days?: number }

export const houseRoute = createRoute({
  getParentRoute: () => root,
  path: '/houses/$houseId',
  component: HousePage,
  validateSearch: (search: Record<string, unknown>): ChartSearch => ({
    ...(typeof search.chart === 'string' ? { chart: search.chart } : {}),
    ...(typeof search.days === 'number' ? { days: search.days } : {}),
  }),
})

export const setupRoute = createRoute({
  getParentRoute: () => root,
  path: '/setup',
  component: SetupPage,
  validateSearch: (search: Record<string, unknown>) => ({ token: String(search.token ?? '') }),
})

const houses = createRoute({ getParentRoute: () => root, path: '/', component: HousesPage })

export const router = createRouter({ routeTree: root.addChildren([houses, houseRoute, setupRoute]) })

declare module '@tanstack/react-router' {
  interface Register {
    router: typeof router
  }
}
