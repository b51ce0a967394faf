/** What was changed, by whom. Details name things and never hold a credential. */
import type { Database } from './tables.ts'
import type { Asker } from './types.ts'

/** Writes one line, in the transaction of the change itself. */
export async function note(
  database: Database,
  by: Asker,
  action: string,
  houseId: number | null,
  detail: Readonly<Record<string, unknown>> = {},
): Promise<void> {
  await database
    .insertInto('audit')
    .values({
      user_id: by.userId === '' ? null : by.userId,
      username: by.username,
      action,
      house_id: houseId,
      detail: JSON.stringify(detail),
    })
    .execute()
}
