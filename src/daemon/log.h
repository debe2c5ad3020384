/* SPDX-License-Identifier: GPL-3.0-or-later */
/* log: where g_message() and g_warning() of the daemon go, and how often. */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/**
 * pg_log_init:
 *
 * From now on messages go to the journal if the standard error is connected to it, else to the standard error, one line
 * each. Messages must hold no foreign bytes that were not escaped.
 */
void pg_log_init (void);

/** PgLogThrottle: zero: nothing logged yet. */
typedef struct
{
  gint64 minute;
  guint  n_logged;
  guint  n_dropped;
} PgLogThrottle;

/**
 * pg_log_may:
 * @self: one for each thing that outsiders can make us say
 * @what: what is not said any more, in the plural
 *
 * Returns: FALSE if that was said often enough this minute; how often it was not said is logged later
 */
gboolean pg_log_may (PgLogThrottle *self, const char *what);

G_END_DECLS
