/* SPDX-License-Identifier: GPL-3.0-or-later */
/* list-table: grants as a table, for people at a terminal.
 *
 * It fits the terminal, which has 80 columns or more. How wide addresses are is decided by the first of them, so that any number
 * of grants needs no more memory; a longer one has a line of its own.
 */
#pragma once

#include <json-glib/json-glib.h>

G_BEGIN_DECLS

typedef struct _PgListTable PgListTable;

/** pg_list_table_new: @now_us: what times are relative to; free with pg_list_table_free(). */
PgListTable *pg_list_table_new (gint64 now_us);

/** pg_list_table_free: shows what is not shown yet, and ends @self; NULL is legal. */
void pg_list_table_free (PgListTable *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (PgListTable, pg_list_table_free)

/** pg_list_table_add: shows @row of popgate list, at once or with those that follow. */
void pg_list_table_add (PgListTable *self, JsonObject *row);

G_END_DECLS
