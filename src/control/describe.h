/* SPDX-License-Identifier: GPL-3.0-or-later */
/* describe: rows, or members of them, that several commands have. popgate(1), --json, tells what they mean. */
#pragma once

#include "engine/engine.h"

#include <json-glib/json-glib.h>

G_BEGIN_DECLS

/** pg_describe_note: adds the members of a note to @row. */
void pg_describe_note (JsonObject *row, const PgNote *note, gint64 now_us);

/** pg_describe_login: adds to @row which login a decision rests on, if any, and when its window is over. */
void pg_describe_login (JsonObject *row, const PgFinding *finding, gint64 window_us);

/** pg_describe_event: (transfer full): a row of @event, whose now_us is set. */
JsonObject *pg_describe_event (const PgEvent *event, gint64 window_us) G_GNUC_WARN_UNUSED_RESULT;

/** pg_describe_loss: (transfer full): a row that stands for @n events that could not be told. */
JsonObject *pg_describe_loss (guint64 n, gint64 now_us) G_GNUC_WARN_UNUSED_RESULT;

/** pg_describe_watching: (transfer full): the row that a watch begins with: how things are now. */
JsonObject *pg_describe_watching (const PgEngine *engine, gint64 now_us) G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
