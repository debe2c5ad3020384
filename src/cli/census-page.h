/* SPDX-License-Identifier: GPL-3.0-or-later */
/* census-page: what is the same on every page of a report: its head, its style sheet and its script. */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/** pg_census_page_style, pg_census_page_script: the lines of report.css and report.js, and NULL; made as the program is built. */
extern const char *const pg_census_page_style[];
extern const char *const pg_census_page_script[];

/**
 * pg_census_page_begin: all up to the body
 * @title: text of our own
 *
 * The page says of itself that nothing may be loaded, and that no style and no script but these may be obeyed.
 */
void pg_census_page_begin (const char *title, GString *out);

/** pg_census_page_end: the script, and all that follows. */
void pg_census_page_end (GString *out);

G_END_DECLS
