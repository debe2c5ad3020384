/* SPDX-License-Identifier: GPL-3.0-or-later */
/* event-filter: which events somebody wants to watch. Asks no clock. */
#pragma once

#include "engine/engine.h"

#include <json-glib/json-glib.h>

G_BEGIN_DECLS

/**
 * PgEventFilter: an event passes if all of it holds.
 * @kinds: set of 1 << PgEventKind
 * @net: if @has_net: its address is in there; a note's network and it overlap
 * @user: if not empty: its user has this name, ASCII letters of either case being the same
 * @verdicts: set of 1 << PgVerdict; 0: any, and events that are no verdict
 *
 * What has no address, or no user, passes only if none is asked for; but a freeze is about all of them.
 */
typedef struct
{
  guint     kinds;
  gboolean  has_net;
  PgNetwork net;
  char      user[PG_USER_MAX + 1];
  guint     verdicts;
} PgEventFilter;

/**
 * pg_event_filter_parse:
 * @request: members, each optional: "only": kinds ("logins", "verdicts", "notes", "sources", "store") with commas between;
 *   "address": an address or a network; "user"; "verdict": verdicts with commas between
 * @out: (out): undefined on failure
 * @error: PG_ERROR_VALUE
 */
G_GNUC_WARN_UNUSED_RESULT
gboolean pg_event_filter_parse (JsonObject *request, PgEventFilter *out, GError **error);

/** pg_event_filter_passes: TRUE if @event is wanted. */
gboolean pg_event_filter_passes (const PgEventFilter *self, const PgEvent *event);

G_END_DECLS
