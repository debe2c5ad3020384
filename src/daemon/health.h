/* SPDX-License-Identifier: GPL-3.0-or-later */
/* health: of one source of logins: since when it has not been current, what was logged of it, and whether its stamps jump.
 *
 * Asks no clock. Times named time_us are those that pass, monotonic; now_us is what the clock shows.
 */
#pragma once

#include "source/source.h"

G_BEGIN_DECLS

/** PG_HEALTH_JUMP_US: hosts and programs stamp before they write: so much may lines be out of order. */
#define PG_HEALTH_JUMP_US ((gint64) 300 * G_USEC_PER_SEC)

/** PG_HEALTH_JUMP_TOLD_US: how often a jump is logged at most. */
#define PG_HEALTH_JUMP_TOLD_US ((gint64) 3600 * G_USEC_PER_SEC)

/** PG_HEALTH_BEHIND_US: being behind for less than this is the normal state of a log that grows. */
#define PG_HEALTH_BEHIND_US ((gint64) G_USEC_PER_SEC)

/** PgHealth: zero is that of a source that was never current; end it with pg_health_clear(). */
typedef struct
{
  gboolean was_current;          /* ever, since the start or since it was blind for long */
  char    *told;                 /* why it is blind, as it was logged; NULL: it is not */
  gint64   not_current_since_us; /* time; 0: it is current */
  gint64   newest_us;            /* stamp of its logins that were read, at most the clock of then */
  char    *jump;                 /* that stamps jumped back, and how far; NULL: they did not */
  gint64   jump_told_us;         /* what the clock showed when a jump was logged; 0: none was */
  char    *warning;              /* the source's, as it was logged */
  gint64   warned_us;            /* time: when that was */
} PgHealth;

/** pg_health_clear: frees what it holds. */
void pg_health_clear (PgHealth *self);

/** pg_health_follow: looks at @source, and logs what has changed. @stale_us: blind for longer than this is an outage. */
void pg_health_follow (PgHealth *self, const PgSource *source, gint64 stale_us, gint64 time_us);

/**
 * pg_health_stamp:
 * @name: of the source
 * @login_us: the stamp of a login that was read
 *
 * Old lines, written once more, or a clock that was set back: who logs in then gets less than a window, or nothing. That is
 * logged, once in PG_HEALTH_JUMP_TOLD_US since a log may be of two clocks, and shown until a stamp is right again.
 */
void pg_health_stamp (PgHealth *self, const char *name, gint64 login_us, gint64 now_us);

/** pg_health_problem: (transfer full) (nullable): why logins may be missing that @source has, or would have; NULL: none can. */
char *pg_health_problem (const PgHealth *self, const PgSource *source, gint64 stale_us, gint64 time_us);

/** pg_health_warning: (nullable): what is wrong all the same; borrowed. What a start missed matters for @window_us. */
const char *pg_health_warning (const PgHealth *self, gint64 window_us, gint64 time_us);

/** pg_health_not_current_for: how long it has not been current; 0: it is. */
gint64 pg_health_not_current_for (const PgHealth *self, gint64 time_us);

G_END_DECLS
