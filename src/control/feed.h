/* SPDX-License-Identifier: GPL-3.0-or-later */
/* feed: events that wait to be told to one who watches.
 *
 * What happens does not wait for whoever watches: an event costs a copy, and when too many wait, those that follow are only
 * counted, until half of them were taken. So memory has a bound.
 */
#pragma once

#include "control/event-filter.h"

G_BEGIN_DECLS

/** PG_FEED_EVENTS_MAX, PG_FEED_BYTES_MAX: what waits at the most. */
#define PG_FEED_EVENTS_MAX 1000
#define PG_FEED_BYTES_MAX (1024 * 1024)

typedef struct _PgFeed PgFeed;

/**
 * pg_feed_new:
 * @events: must outlive it
 * @filter: copied
 *
 * Returns: (transfer full): a feed of all that happens from now on; free with pg_feed_free()
 */
PgFeed *pg_feed_new (PgEvents *events, const PgEventFilter *filter);

/** pg_feed_free: ends @self; NULL is legal. */
void pg_feed_free (PgFeed *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (PgFeed, pg_feed_free)

/** pg_feed_set_wake: @wake is called when there is something in an empty feed; out of pg_events_tell(), so its rules hold. */
void pg_feed_set_wake (PgFeed *self, void (*wake) (gpointer user_data), gpointer user_data);

/** pg_feed_is_empty: TRUE if pg_feed_next() has nothing to tell. */
gboolean pg_feed_is_empty (const PgFeed *self);

/**
 * pg_feed_next:
 * @out_event: (out) (transfer full) (nullable): the oldest event, its now_us set in any case; free with g_free()
 * @out_n_lost: (out): if @out_event is NULL: how many events are missing here
 *
 * Returns: FALSE if there is nothing
 */
G_GNUC_WARN_UNUSED_RESULT
gboolean pg_feed_next (PgFeed *self, PgEvent **out_event, guint64 *out_n_lost);

G_END_DECLS
