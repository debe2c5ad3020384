/* SPDX-License-Identifier: GPL-3.0-or-later */
/* file-root: the root of a GDBM file. */
#pragma once

#include "store/file.h"
#include "store/root.h"

G_BEGIN_DECLS

/** pg_file_get_root: PG_ERROR_DAMAGED if it has none, or PG_ERROR_VERSION; the file is closed then. */
G_GNUC_WARN_UNUSED_RESULT
gboolean pg_file_get_root (PgFile *self, PgRoot *out, GError **error);

G_GNUC_WARN_UNUSED_RESULT
gboolean pg_file_put_root (PgFile *self, const PgRoot *root, GError **error);

/** pg_file_mark_unclean: as what is copied is no file that was closed in order. */
G_GNUC_WARN_UNUSED_RESULT
gboolean pg_file_mark_unclean (PgFile *self, PgRoot *out_root, GError **error);

G_END_DECLS
