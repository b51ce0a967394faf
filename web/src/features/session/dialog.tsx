import { Group, Modal } from '@mantine/core'
import type { ReactNode } from 'react'

/** A question in front of the page. Its heading stands in its body: Mantine's own is a second header of the page. */
export function Dialog({
  title,
  size,
  onClose,
  children,
}: {
  title: string
  size?: string
  onClose: () => void
  children: ReactNode
}) {
  return (
    <Modal.Root opened onClose={onClose} size={size}>
      <Modal.Overlay />
      <Modal.Content>
        <Modal.Body p="lg">
          <Group justify="space-between" align="start" wrap="nowrap" mb="md">
            <Modal.Title fw={600} lh={1.4}>
              {title}
            </Modal.Title>
            <Modal.CloseButton aria-label="Close" />
          </Group>
          {children}
        </Modal.Body>
      </Modal.Content>
    </Modal.Root>
  )
}
