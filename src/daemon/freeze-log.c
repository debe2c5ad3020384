/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "daemon/freeze-log.h"

static void
tell_freeze (const PgNote *freeze)
{
  g_autofree char *by = pg_span_escape (pg_span_from_string (freeze->by), PG_NOTE_BY_MAX);
  g_autofree char *why = pg_span_escape (pg_span_from_string (freeze->why), PG_NOTE_WHY_MAX);

  g_warning ("FROZEN: nobody relays by popgate, mail waits, until popgate thaw (note %" G_GUINT64_FORMAT " by %s%s%s)", freeze->id,
             by, why[0] != '\0' ? ": " : "", why);
}

void
pg_freeze_log_follow (gboolean *is_frozen, PgEngine *engine)
{
  const PgNote *freeze = pg_noteset_freeze (pg_engine_notes (engine), g_get_real_time ());

  if (pg_engine_problem (engine) != NULL || *is_frozen == (freeze != NULL))
    return;
  *is_frozen = freeze != NULL;
  if (freeze != NULL)
    tell_freeze (freeze);
  else
    g_message ("frozen no more");
}
