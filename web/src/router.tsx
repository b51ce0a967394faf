import { createRootRoute, createRoute, createRouter } from '@tanstack/react-router'
import { ComfortPage } from './features/comfort/comfort-page.tsx'
import { AddDevicePage } from './features/devices/add-device-page.tsx'
import { DevicePage } from './features/devices/device-page.tsx'
import { HeatingPage } from './features/heating/heating-page.tsx'
import { HousePage } from './features/houses/house-page.tsx'
import { HouseSettingsPage } from './features/houses/house-settings-page.tsx'
import { HousesPage } from './features/houses/houses-page.tsx'
import { NewHousePage } from './features/houses/new-house-page.tsx'
import { InsightsPage } from './features/insights/insights-page.tsx'
import { PricesPage } from './features/prices/prices-page.tsx'
import { ReceiptsPage } from './features/receipts/receipts-page.tsx'
import { RoomsPage } from './features/rooms/rooms-page.tsx'
import { Frame } from './features/session/frame.tsx'
import { NoPage } from './features/session/no-page.tsx'
import { SetupPage } from './features/session/setup-page.tsx'
import { VendorsPage } from './features/vendors/vendors-page.tsx'

const root = createRootRoute({ component: Frame, notFoundComponent: NoPage })

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

export const controlRoute = createRoute({
  getParentRoute: () => root,
  path: '/houses/$houseId/control',
  component: HeatingPage,
})

/** Which receipts are shown: of one loop, only those that changed something. */
export type ReceiptSearch = { readonly loop?: number; readonly sent?: boolean }

export const receiptsRoute = createRoute({
  getParentRoute: () => root,
  path: '/houses/$houseId/receipts',
  component: ReceiptsPage,
  validateSearch: (search: Record<string, unknown>): ReceiptSearch => ({
    ...(typeof search.loop === 'number' ? { loop: search.loop } : {}),
    ...(search.sent === true ? { sent: true } : {}),
  }),
})

export const roomsRoute = createRoute({
  getParentRoute: () => root,
  path: '/houses/$houseId/rooms',
  component: RoomsPage,
})

export const comfortRoute = createRoute({
  getParentRoute: () => root,
  path: '/houses/$houseId/rooms/$roomId/comfort',
  component: ComfortPage,
})

export const pricesRoute = createRoute({
  getParentRoute: () => root,
  path: '/houses/$houseId/prices',
  component: PricesPage,
})

export const insightsRoute = createRoute({
  getParentRoute: () => root,
  path: '/houses/$houseId/insights',
  component: InsightsPage,
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
    controlRoute,
    receiptsRoute,
    roomsRoute,
    comfortRoute,
    pricesRoute,
    insightsRoute,
    addDeviceRoute,
    deviceRoute,
    vendors,
    setupRoute,
  ]),
  // Nothing that was typed or asked on the page of one house is left on that of another.
  defaultRemountDeps: ({ params }) => params,
})

declare module '@tanstack/react-router' {
  interface Register {
    router: typeof router
  }
}
