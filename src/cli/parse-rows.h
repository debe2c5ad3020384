/* SPDX-License-Identifier: GPL-3.0-or-later */
/* parse-rows: what popgate parse prints of single lines, for people or as JSON.
 *
 * A log has many lines, so rows are put together by hand and written in portions. Foreign text is escaped, in JSON made valid.
 */
#pragma once

#include "core/login.h"

G_BEGIN_DECLS

typedef struct _PgParseRows PgParseRows;

/** pg_parse_rows_new: (transfer full): @json: one object a line, as popgate(1) describes it; @zone: of times shown; borrowed. */
PgParseRows *pg_parse_rows_new (gboolean json, GTimeZone *zone);

/** pg_parse_rows_free: ends @self without writing what it holds; NULL is legal. */
void pg_parse_rows_free (PgParseRows *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (PgParseRows, pg_parse_rows_free)

/** pg_parse_rows_set_file: (nullable): what rows from now on name as their file; borrowed. */
void pg_parse_rows_set_file (PgParseRows *self, const char *file);

/**
 * pg_parse_rows_add_login:
 * @line: its number, from 1
 * @refusal: (nullable): why it grants nothing, as a phrase
 */
void pg_parse_rows_add_login (PgParseRows *self, guint64 line, const PgLogin *login, const char *refusal);

/** pg_parse_rows_add_refused: line number @line, @text, was not taken for a login; @why: a phrase. */
void pg_parse_rows_add_refused (PgParseRows *self, guint64 line, PgSpan text, const char *why);

/** pg_parse_rows_add_heading: says to people what the columns of the counts that follow are. */
void pg_parse_rows_add_heading (PgParseRows *self);

/**
 * pg_parse_rows_add_count:
 * @user: (nullable): NULL: users that were too many to tell apart
 * @n_grants: how many of the @n_logins would grant
 */
void pg_parse_rows_add_count (PgParseRows *self, PgServer server, PgService service, const PgSpan *user, guint64 n_logins,
                              guint64 n_grants);

/** pg_parse_rows_flush: writes what is held to the standard output. FALSE: it can't be written. */
gboolean pg_parse_rows_flush (PgParseRows *self);

G_END_DECLS
