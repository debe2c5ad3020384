/* SPDX-License-Identifier: GPL-3.0-or-later */
/* disk: all of the bytes, or an error: read(2) and write(2) may do with fewer. */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/** pg_disk_read: reads @len bytes at @offset; FALSE with errno set, to 0 if the file ends before. */
G_GNUC_WARN_UNUSED_RESULT
gboolean pg_disk_read (int fd, guint8 *data, gsize len, gint64 offset);

/** pg_disk_write: writes @len bytes at @offset; FALSE with errno set. They are in the kernel then, not on the disk. */
G_GNUC_WARN_UNUSED_RESULT
gboolean pg_disk_write (int fd, const guint8 *data, gsize len, gint64 offset);

G_END_DECLS
