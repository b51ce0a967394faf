import { Button } from '@mantine/core'
import { Link } from '@tanstack/react-router'

const pages = [
  { label: 'Overview', path: '' },
  { label: 'Heating', path: '/control' },
  { label: 'Rooms', path: '/rooms' },
  { label: 'Prices', path: '/prices' },
  { label: 'Savings', path: '/insights' },
  { label: 'Receipts', path: '/receipts' },
] as const

/** The pages of one house. */
export function HouseNav({ houseId }: { houseId: number }) {
  return (
    <nav className="pages" aria-label="Pages of this house">
      {pages.map(({ label, path }) => (
        <Button
          key={path}
          component={Link}
          to={`/houses/${houseId}${path}`}
          activeOptions={{ exact: path === '', includeSearch: false }}
          size="compact-md"
          variant="subtle"
        >
          {label}
        </Button>
      ))}
    </nav>
  )
}
