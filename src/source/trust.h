/* SPDX-License-Identifier: GPL-3.0-or-later */
/* trust: who may write to a log? Whoever can add a line to it can let any address relay.
 *
 * A file or folder is trusted if nobody may write to it but root, syslog (the user and the group that rsyslog runs as), the
 * group adm, and the user that this process runs as. So it is not trusted
 *  - if it belongs to another user: an owner can always write, whatever the mode says;
 *  - if another group may write, or everybody; a sticky bit changes nothing: it hinders no one from making a new file;
 *  - if an access control list stands behind a group's right to write: then users of the list may write, too.
 * Of folders only the file's own is looked at (and, through a symbolic link, that of the file it names).
 */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/**
 * PgTrust:
 * @PG_TRUST_OWNERS: as said above
 * @PG_TRUST_ANY: nothing is looked at
 */
typedef enum
{
  PG_TRUST_OWNERS,
  PG_TRUST_ANY,
} PgTrust;

/**
 * pg_trust_check_file:
 * @path: a file, as it was opened
 * @fd: open on it
 * @error: PG_ERROR_DENIED, naming path, who may write, and how to say that this is wanted
 *
 * Returns: FALSE if others may write to the file or put another one in its place
 */
gboolean pg_trust_check_file (const char *path, int fd, GError **error);

/** pg_trust_check_folder: FALSE, with PG_ERROR_DENIED or PG_ERROR_SYSTEM, if others may write to the folder @path. */
gboolean pg_trust_check_folder (const char *path, GError **error);

G_END_DECLS
