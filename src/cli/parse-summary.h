/* SPDX-License-Identifier: GPL-3.0-or-later */
/* parse-summary: logins counted by server, service and user. */
#pragma once

#include "cli/parse-rows.h"

G_BEGIN_DECLS

/** PG_PARSE_SUMMARY_MAX: so many users are told apart; all further ones are counted together, by server and service. */
#define PG_PARSE_SUMMARY_MAX 100000

typedef struct _PgParseSummary PgParseSummary;

/** pg_parse_summary_new: (transfer full). */
PgParseSummary *pg_parse_summary_new (void);

/** pg_parse_summary_free: ends @self; NULL is legal. */
void pg_parse_summary_free (PgParseSummary *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (PgParseSummary, pg_parse_summary_free)

/** pg_parse_summary_add: counts @login; @grants: whether it would. */
void pg_parse_summary_add (PgParseSummary *self, const PgLogin *login, gboolean grants);

/** pg_parse_summary_show: gives the counts to @rows, sorted by server, service and user. */
void pg_parse_summary_show (const PgParseSummary *self, PgParseRows *rows);

G_END_DECLS
