import { createRootRoute, createRoute, createRouter } from '@tanstack/react-router'
import { AddDevicePage } from './features/devices/add-device-page.tsx'
import { DevicePage } from './features/devices/device-page.tsx'
import { HousePage } from './features/houses/house-page.tsx'
import { HouseSettingsPage } from './features/houses/house-settings-page.tsx'
import { HousesPage } from './features/houses/houses-page.tsx'
import { NewHousePage } from './features/houses/new-house-page.tsx'
import { Frame } from './features/session/frame.tsx'
import { SetupPage } from './features/session/setup-page.tsx'
import { VendorsPage } from './features/vendors/vendors-page.tsx'

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

export const houseSettingsRoute = createRoute({
  getParentRoute: () => root,
  path: '/houses/$houseId/settings',
  component: HouseSettingsPage,
})

/** Which kind of device is being added. */
export type KindSearch = { readonly kind?: string }

export const addDeviceRoute = createRoute({
  getParentRoute: () => root,
  path: '/houses/$houseId/devices/new',
  component: AddDevicePage,
  validateSearch: (search: Record<string, unknown>): KindSearch =>
    typeof search.kind === 'string' ? { kind: search.kind } : {},
})

export const deviceRoute = createRoute({
  getParentRoute: () => root,
  path: '/houses/$houseId/devices/$device/$count',
  component: DevicePage,
})

export const setupRoute = createRoute({
  getParentRoute: () => root,
  path: '/setup',
  component: SetupPage,
  validateSearch: (search: Record<string, unknown>) => ({ token: String(search.token ?? '') }),
})

const houses = createRoute({ getParentRoute: () => root, path: '/', component: HousesPage })
const newHouse = createRoute({ getParentRoute: () => root, path: '/houses/new', component: NewHousePage })
const vendors = createRoute({ getParentRoute: () => root, path: '/vendors', component: VendorsPage })

export const router = createRouter({
  routeTree: root.addChildren([
    houses,
    newHouse,
    houseRoute,
    houseSettingsRoute,
    addDeviceRoute,
    deviceRoute,
    vendors,
    setupRoute,
  ]),
})

declare module '@tanstack/react-router' {
  interface Register {
    router: typeof router
  }
}
