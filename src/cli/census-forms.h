/* SPDX-License-Identifier: GPL-3.0-or-later */
/* census-forms: a census as people and programs read it; each form is written to a string, or to the standard output. */
#pragma once

#include "cli/census.h"

G_BEGIN_DECLS

/**
 * pg_census_to_text: for a terminal of 80 columns: what it comes to, then a table
 *
 * @coloured: with the terminal's colours, which take no columns
 *
 * Foreign text is escaped.
 */
void pg_census_to_text (const PgCensus *self, gboolean coloured, GString *out);

/**
 * pg_census_to_csv: RFC 4180, with a heading: a row of each user and address, and a column of each day.
 *
 * A cell that a spreadsheet would take for a formula gets a single quote in front.
 */
void pg_census_to_csv (const PgCensus *self, GString *out);

/** pg_census_print_json: one object a line, as popgate(1) describes them. */
void pg_census_print_json (const PgCensus *self);

/**
 * pg_census_to_html: one page that needs nothing else: no network, no script.
 *
 * @host: whose report it is
 * @now_s: when it was made
 */
void pg_census_to_html (const PgCensus *self, const char *host, gint64 now_s, GString *out);

G_END_DECLS
