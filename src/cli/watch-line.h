/* SPDX-License-Identifier: GPL-3.0-or-later */
/* watch-line: an event as a line for people's eyes. */
#pragma once

#include <json-glib/json-glib.h>

G_BEGIN_DECLS

/** PgWatchDay: zero: nothing was shown yet. */
typedef struct
{
  int year;
  int day; /* of the year */
} PgWatchDay;

/**
 * pg_watch_line_show:
 * @row: a row of watch
 * @day: (inout): when the line before was shown
 *
 * Prints it with its local time, and before it the date, if that is another one than of the line before.
 */
void pg_watch_line_show (JsonObject *row, PgWatchDay *day);

G_END_DECLS
