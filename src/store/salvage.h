/* SPDX-License-Identifier: GPL-3.0-or-later */
/* salvage: a new database out of what is left of a damaged one. */
#pragma once

#include "store/family.h"
#include "store/work.h"

G_BEGIN_DECLS

/**
 * PgSalvage: what became of it
 * @n_grants: saved
 * @n_notes: saved
 * @lost_notes: (nullable): why notes may be missing: then the new database is frozen; a phrase, static
 */
typedef struct
{
  guint64     n_grants;
  guint64     n_notes;
  const char *lost_notes;
} PgSalvage;

/**
 * pg_salvage:
 * @path: the database's; it may be missing
 * @family: its other files
 * @to: the file to be made: a whole database of its own, closed in order and on the disk
 * @now_us: when the freeze was made, if one is needed
 * @work: (nullable): each record is a step
 * @error: PG_ERROR_STORE
 *
 * Gathers every record that is proven, whichever file it is in: of a grant the newest. Positions are left behind, as what was
 * read since may be lost: the logs are read again. If one note is not proven, a freeze is added.
 */
G_GNUC_WARN_UNUSED_RESULT
gboolean pg_salvage (const char *path, const PgFamily *family, const char *to, gint64 now_us, PgWork *work, PgSalvage *out,
                     GError **error);

G_END_DECLS
