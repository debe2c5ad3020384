/* SPDX-License-Identifier: GPL-3.0-or-later */
/* census-words: what all forms of a report say in the same words. All strings are transfer full. */
#pragma once

#include "cli/census.h"

G_BEGIN_DECLS

/** pg_census_number: "1,204". */
char *pg_census_number (guint64 number) G_GNUC_WARN_UNUSED_RESULT;

/** pg_census_count: "1 user", "2,000 users"; @one and @many are the nouns. */
char *pg_census_count (guint64 number, const char *one, const char *many) G_GNUC_WARN_UNUSED_RESULT;

/** pg_census_date: a day as in strftime(3). */
char *pg_census_date (guint32 day, const char *format) G_GNUC_WARN_UNUSED_RESULT;

/** pg_census_time: a moment in UTC as in strftime(3); "" for 0. */
char *pg_census_time (gint64 epoch_s, const char *format) G_GNUC_WARN_UNUSED_RESULT;

/** pg_census_moved: "no", "both" or "yes", static; "" for an allow, and for SMTP AUTH itself. */
const char *pg_census_moved (const PgCensusPair *pair);

G_END_DECLS
