/* SPDX-License-Identifier: GPL-3.0-or-later */
/* census: who still depends on POP-before-SMTP, and who has moved to SMTP AUTH: what report tells, counted and in order.
 *
 * Made of the rows that usage-listing.h describes; asks nobody and prints nothing. Users are the same if their names differ by
 * the case of ASCII letters only. All days are those of UTC; a day's place in an array is its number from the period's first.
 */
#pragma once

#include "core/usage.h"

#include <json-glib/json-glib.h>

G_BEGIN_DECLS

/** PG_CENSUS_QUIET_DAYS: who uses both has moved when nothing came because of a login for so long. */
#define PG_CENSUS_QUIET_DAYS 7

/** PG_CENSUS_WEEK: days of either half of a trend. */
#define PG_CENSUS_WEEK 7

/**
 * PgCensusState: where a user stands.
 * @PG_CENSUS_DEPENDS: was never seen with SMTP AUTH
 * @PG_CENSUS_BOTH: was, and still relays because of a login
 * @PG_CENSUS_MOVED: uses SMTP AUTH, and did not relay because of a login since then, or for PG_CENSUS_QUIET_DAYS
 */
typedef enum
{
  PG_CENSUS_DEPENDS = 0,
  PG_CENSUS_BOTH,
  PG_CENSUS_MOVED,
} PgCensusState;

/** PgCensusUser: @name is "" if it is not known who logged in: then each address is a user of its own. Times are 0 for never. */
typedef struct
{
  char         *name;
  PgCensusState state;
  gint64        login_last_s;
  gint64        auth_first_s;
  gint64        auth_last_s;
  guint64       recipients; /* because of logins, in the period */
  guint64      *days;       /* the same, of each day */
} PgCensusUser;

/** PgCensusPair: one user and address; @owner is NULL for PG_USAGE_ALLOW. @address is "" if it is not known. */
typedef struct
{
  PgUsageWay    way;
  char         *user;
  char         *address;
  gint64        first_s;
  gint64        last_s;
  guint64       total;
  guint64       recipients; /* in the period */
  guint         days_used;
  guint64      *days;
  PgCensusUser *owner;
} PgCensusPair;

/**
 * PgCensus: read only.
 * @today: the period's last day
 * @n_days: of the period
 * @pairs: of PgCensusPair: who relayed in the period because of a login or an allow; used last comes first
 * @auths: of PgCensusPair: who used SMTP AUTH, whenever that was; the same order
 * @recipients, @dependants, @auth_users: of each day: recipients and users because of a login or an allow (an address that an
 *   admin allows is a user here); users with SMTP AUTH
 * @n_stored, @n_stored_max, @n_not_counted: how much is kept of how much, and what was left away; -1: not known
 */
typedef struct
{
  guint32     today;
  guint       n_days;
  GPtrArray  *pairs;
  GPtrArray  *auths;
  GHashTable *users; /* folded name -> PgCensusUser */

  guint64 *recipients;
  guint64 *dependants;
  guint64 *auth_users;

  guint   n_depending; /* users who relayed because of a login in the period, and have not moved */
  guint   n_both;      /* of them use SMTP AUTH as well */
  guint   n_moved;     /* users who relayed because of a login at any time, and have moved */
  guint   n_addresses; /* of n_depending */
  guint   n_allowed;   /* addresses that relayed because of an allow */
  guint   n_older;     /* pairs of a login or an allow that were not used in the period */
  guint64 n_recipients;

  gboolean has_trend; /* the period has two weeks */
  guint    n_dependants_week;
  guint    n_dependants_before;
  guint64  n_recipients_week;
  guint64  n_recipients_before;

  gint64 n_stored;
  gint64 n_stored_max;
  gint64 n_not_counted;
} PgCensus;

/** pg_census_new: an empty one; free with pg_census_free(). */
PgCensus *pg_census_new (void);

/** pg_census_free: ends @self; NULL is legal. */
void pg_census_free (PgCensus *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (PgCensus, pg_census_free)

/** pg_census_add_row: takes what @row says, the one about all first; what is not as described is left away. */
void pg_census_add_row (PgCensus *self, JsonObject *row);

/** pg_census_finish: all rows are there: counts and sorts. */
void pg_census_finish (PgCensus *self);

/** pg_census_first_day: the period's first. */
guint32 pg_census_first_day (const PgCensus *self);

G_END_DECLS
