/* SPDX-License-Identifier: GPL-3.0-or-later */
/* event-copy: an event that outlives its telling. */
#pragma once

#include "engine/events.h"

G_BEGIN_DECLS

/** PG_EVENT_TEXT_MAX: bytes that are kept of each text; the rest is cut off. */
#define PG_EVENT_TEXT_MAX 1000

/**
 * pg_event_copy:
 * @out_size: (out): bytes that the copy takes
 *
 * Copies @event and what it points to, but for the reply's text, and of a request what a client may be known by: address, sender,
 * recipient and SMTP AUTH name.
 *
 * Returns: (transfer full): one block, which does not depend on anything else; free with g_free()
 */
PgEvent *pg_event_copy (const PgEvent *event, gsize *out_size) G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
