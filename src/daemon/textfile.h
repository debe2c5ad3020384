/* SPDX-License-Identifier: GPL-3.0-or-later */
/* textfile: metrics in a file, for the textfile collector of Prometheus's node_exporter.
 *
 * Each time it is written anew beside itself, and takes its name by rename(2): who reads it finds it whole. All that touches the
 * disk is done by a thread, one file at a time. That it can't be written is told, and nothing else comes of it.
 */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/** PG_TEXTFILE_EVERY_S: how often it is written, and PG_TEXTFILE_FIRST_S: for the first time, so that it does not tell for so
 * long what it was like in the first moment of a start. */
#define PG_TEXTFILE_EVERY_S 15
#define PG_TEXTFILE_FIRST_S 2

/** PG_TEXTFILE_SUFFIX: of its name while it is written: node_exporter reads *.prom only. */
#define PG_TEXTFILE_SUFFIX ".new"

typedef struct _PgTextfile PgTextfile;

/** pg_textfile_new: nothing is written yet; free with pg_textfile_free(). */
PgTextfile *pg_textfile_new (void);

/** pg_textfile_free: removes the file, as what it says is over, and ends @self; NULL is legal. */
void pg_textfile_free (PgTextfile *self);

/** pg_textfile_set_path: where it is from now on; "": nowhere. Another one that was written before is removed. */
void pg_textfile_set_path (PgTextfile *self, const char *path);

/** pg_textfile_is_due: to be called once a second: TRUE if it should be written now. */
gboolean pg_textfile_is_due (PgTextfile *self);

/** pg_textfile_write: writes @text (transfer full). */
void pg_textfile_write (PgTextfile *self, char *text);

G_END_DECLS
