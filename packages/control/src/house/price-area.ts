/** The Norwegian price area of a place, as a guess until somebody says it: that of the nearest town. */

/** Towns of each area, degrees north and east. */
const towns: Readonly<Record<string, string>> = {
  NO1: '59.91 10.75, 59.22 10.93, 59.13 11.39, 59.74 10.2, 59.27 10.41, 60.17 10.26, 60.79 11.07, 61.11 10.47, 61.77 9.54, 60.99 9.24, 61.31 12.26',
  NO2: '58.15 8, 58.46 8.77, 59.21 9.61, 59.05 10.03, 59.65 8.63, 58.97 5.73, 59.41 5.27, 58.45 6, 59.65 6.36',
  NO3: '63.43 10.4, 64.01 11.5, 64.47 11.5, 64.86 11.24, 62.57 11.38, 62.59 9.69, 62.47 6.15, 62.74 7.16, 63.11 7.73, 61.6 5.03, 61.45 5.85, 62.07 9.12',
  NO4: '65.47 12.21, 65.84 13.19, 66.31 14.14, 67.28 14.4, 68.44 17.43, 68.15 14.2, 68.8 16.54, 69.65 18.96, 69.97 23.27, 70.66 23.68, 70.07 29.75, 69.73 30.04',
  NO5: '60.39 5.32, 60.63 6.42, 59.78 5.5, 60.78 4.95, 60.07 6.55, 60.6 7.5, 60.86 7.11',
}
const places = Object.entries(towns).flatMap(([area, list]) =>
  list.split(', ').map((place) => {
    const [north = 0, east = 0] = place.split(' ').map(Number)
    return { area, north, east }
  }),
)

/** Beyond it the place lies in another country, ° of latitude. */
const farthest = 3

/** `NO1` to `NO5`; `undefined` far from all of them, and where the place is not known. */
export function priceAreaOf(latitude: number | undefined, longitude: number | undefined): string | undefined {
  if (latitude === undefined || longitude === undefined) return undefined
  const narrow = Math.cos((latitude * Math.PI) / 180)
  let nearest: { readonly area: string; readonly distance: number } | undefined
  for (const { area, north, east } of places) {
    const distance = Math.hypot(latitude - north, (longitude - east) * narrow)
    if (distance < (nearest?.distance ?? farthest)) nearest = { area, distance }
  }
  return nearest?.area
}
