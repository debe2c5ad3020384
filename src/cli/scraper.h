/* SPDX-License-Identifier: GPL-3.0-or-later */
/* scraper: what popgated tells of itself, for who asks over HTTP, however often. */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/** PG_SCRAPER_PATIENCE_S: seconds after which popgated is taken for dead. */
#define PG_SCRAPER_PATIENCE_S 5

/** PG_SCRAPER_FRESH_US: what was told so recently is told again, and popgated not asked. */
#define PG_SCRAPER_FRESH_US ((gint64) G_USEC_PER_SEC)

typedef struct _PgScraper PgScraper;

/** pg_scraper_new: will ask at @path, the control socket; free with pg_scraper_free(). */
PgScraper *pg_scraper_new (const char *path);

/** pg_scraper_free: ends @self; NULL is legal. */
void pg_scraper_free (PgScraper *self);

/** pg_scraper_look: asks popgated unless it was asked just now; waits for it, PG_SCRAPER_PATIENCE_S at the most for each piece
 * of the answer. Both that follow tell of the last look. */
void pg_scraper_look (PgScraper *self);

/** pg_scraper_text: its metrics; if it could not be asked, that it is not up. Borrowed until the next look. */
const char *pg_scraper_text (const PgScraper *self);

/** pg_scraper_problem: (nullable): why it can't be asked, or can't answer from its database; borrowed until the next look. */
const char *pg_scraper_problem (const PgScraper *self);

G_END_DECLS
