import { Drawer, Group } from '@mantine/core'
import type { ReactNode } from 'react'

/** Something long beside the page. Its heading stands in its body, for the reason that `Dialog` gives. */
export function SidePanel({ title, onClose, children }: { title: string; onClose: () => void; children: ReactNode }) {
  return (
    <Drawer.Root opened onClose={onClose} position="right" size="md">
      <Drawer.Overlay />
      <Drawer.Content>
        <Drawer.Body p="lg">
          <Group justify="space-between" align="start" wrap="nowrap" mb="md">
            <Drawer.Title fw={600} lh={1.4}>
              {title}
            </Drawer.Title>
            <Drawer.CloseButton aria-label="Close" />
          </Group>
          {children}
        </Drawer.Body>
      </Drawer.Content>
    </Drawer.Root>
  )
}
